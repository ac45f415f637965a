"""The sample news of `monitor demo`: real events of early 2025 in our own words, and everyday noise."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.model import Outlet


@dataclass(frozen=True, slots=True)
class Sample:
    """A news item that a sample feed publishes."""

    after_s: float
    """Seconds from the start of the demo."""
    outlet: str
    """Key of OUTLETS."""
    path: str
    title: str
    summary: str


OUTLETS = {
    "wire": Outlet("Sample Wire", "en", "wire", "KR", ("korea",)),
    "gazette": Outlet("Capital Gazette", "en", "newspaper", "US"),
    "hangang": Outlet("한강일보", "ko", "newspaper", "KR", ("korea",)),
    "dnipro": Outlet("Дніпровський вісник", "uk", "newspaper", "UA"),
    "volna": Outlet("Волна", "ru", "newspaper", "LV"),
}

SAMPLES = (
    Sample(
        0,
        "wire",
        "/business/1001",
        "Shipyards report record order books for a third quarter",
        "Builders of gas carriers say their docks are full until 2028.",
    ),
    Sample(
        0,
        "hangang",
        "/economy/2001",
        "목포로 향하는 관광열차, 주말 좌석 매진",
        "남도 여행 수요가 늘면서 목포로 가는 열차가 모두 매진됐다.",
    ),
    Sample(
        0,
        "dnipro",
        "/sport/3001",
        "Збірна перемогла у товариському матчі",
        "Обидва м'ячі забили у другому таймі.",
    ),
    Sample(
        3,
        "wire",
        "/politics/1002",
        "S. Korea's FM Cho asks Ukraine's Sybiha to cooperate on captured North Korean soldiers",
        "Foreign Minister Cho Tae-yul told Andrii Sybiha by telephone on Monday that North Korean "
        "soldiers captured in Russia's Kursk region who wish to come to the South would be received, "
        "and asked Kyiv to work together on them.",
    ),
    Sample(
        7,
        "gazette",
        "/world/1003?utm_source=rss",
        "S. Korea's FM Cho asks Ukraine's Sybiha to cooperate on captured North Korean soldiers",
        "A wire report: Foreign Minister Cho Tae-yul told Andrii Sybiha by telephone that captured "
        "North Korean soldiers who wish to come to the South would be received.",
    ),
    Sample(
        9,
        "hangang",
        "/politics/2002",
        "조태열 장관, 시비하 우크라이나 외교장관과 통화…북한군 포로 협력 요청",
        "조태열 외교부 장관은 쿠르스크에서 생포된 북한군 포로 가운데 한국행을 원하는 이들을 "
        "수용하겠다며 우크라이나 측에 협조를 요청했다.",
    ),
    Sample(
        12,
        "dnipro",
        "/world/3002",
        "Сибіга і Чо Те Йоль обговорили північнокорейських військовополонених",
        "Глави МЗС України та Південної Кореї телефоном говорили про солдатів КНДР, узятих у полон "
        "на Курщині. За даними Києва, втрати північнокорейських військ убитими й пораненими на "
        "початок січня 2025 року перевищили 3000.",
    ),
    Sample(
        15,
        "volna",
        "/news/4001",
        "В Курской области идут бои у Суджи",
        "Обе стороны сообщают о боях на окраинах города; подтвердить это независимо нельзя.",
    ),
    Sample(
        17,
        "gazette",
        "/world/1004",
        "Veterans remember prisoners of the Korean War at a ceremony in Ohio",
        "Families laid wreaths for those who never came back from the camps of 1951.",
    ),
    Sample(
        20,
        "volna",
        "/news/4002",
        "Сеул готов принять северокорейских военнопленных из Украины",
        "Министр иностранных дел Южной Кореи Чо Тхэ Ёль сказал об этом Андрею Сибиге по телефону.",
    ),
    Sample(
        24,
        "wire",
        "/politics/1005",
        "NIS: two captured North Korean soldiers say they wish to come to South Korea",
        "The spy agency told lawmakers that both prisoners of war repeated their wish in Kyiv.",
    ),
    Sample(
        28,
        "hangang",
        "/society/2003",
        "새 점포로 이전한 동네 서점, 개점 30주년 행사",
        "서점은 이번 주말 작가와의 만남을 연다.",
    ),
)
