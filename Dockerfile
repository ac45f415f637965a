# syntax=docker/dockerfile:1
FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/monitor
COPY requirements.lock ./
RUN /opt/monitor/bin/python -m pip install --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md config.example.toml ./
COPY rules ./rules
COPY monitor ./monitor
RUN /opt/monitor/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/monitor/bin/python -m pip install --no-deps --no-index --find-links /dist news-monitor

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin monitor \
    && install -d -o monitor -g monitor /data
COPY --from=build /opt/monitor /opt/monitor
ENV PATH=/opt/monitor/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TMPDIR=/data
USER 10001
WORKDIR /data
VOLUME /data
# Exec form: signals reach the service itself. It reaps its own children, so it may be process 1.
ENTRYPOINT ["monitor"]
CMD ["run", "--config", "/data/config.toml"]
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=3 \
    CMD ["monitor", "health", "--config", "/data/config.toml"]
