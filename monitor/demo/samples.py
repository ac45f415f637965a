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
        2,
        "dnipro",
        "/war/3002",
        "Зеленський: на Курщині взято в полон двох солдатів із Північної Кореї",
        "Обидва поранені, їх доправили до Києва, де з ними говорять слідчі СБУ, повідомив "
        "президент Володимир Зеленський.",
    ),
    Sample(
        4,
        "wire",
        "/world/1002",
        "Ukraine has captured two North Korean soldiers in Kursk, Zelensky says",
        "Both men are wounded and were brought to Kyiv, where the SBU is questioning them, "
        "President Volodymyr Zelensky said.",
    ),
    Sample(
        6,
        "hangang",
        "/world/2002",
        "젤렌스키 “쿠르스크에서 북한군 2명 생포”",
        "우크라이나 대통령은 다친 북한군 병사 두 명이 키이우로 이송돼 우크라이나 보안국의 조사를 "
        "받고 있다고 밝혔다.",
    ),
    Sample(
        9,
        "volna",
        "/news/4001",
        "Минобороны России заявило о взятии Суджи",
        "По данным ведомства, российские войска вернули контроль над городом в Курской области; "
        "Украина держала его с августа 2024 года.",
    ),
    Sample(
        11,
        "wire",
        "/world/1003",
        "Russia says its troops have retaken Sudzha in the Kursk region",
        "The Russian defence ministry said its forces control the town again, which Ukraine had "
        "held since August 2024.",
    ),
    Sample(
        13,
        "gazette",
        "/society/1004",
        "Veterans remember prisoners of the Korean War at a ceremony in Ohio",
        "Families laid wreaths for those who never came back from the camps of 1951.",
    ),
    Sample(
        16,
        "wire",
        "/politics/1005",
        "S. Korea's FM Cho asks Ukraine's Sybiha to cooperate on captured North Korean soldiers",
        "Foreign Minister Cho Tae-yul told Andrii Sybiha by telephone that North Korean soldiers "
        "captured in Russia's Kursk region who wish to come to the South would be received, and "
        "asked Kyiv to work together on them.",
    ),
    Sample(
        18,
        "gazette",
        "/world/1006?utm_source=rss",
        "Seoul's minister speaks with Ukraine's about North Korean captives",
        "A wire report: Foreign Minister Cho Tae-yul told Andrii Sybiha by telephone that North "
        "Korean soldiers captured in Russia's Kursk region who wish to come to the South would "
        "be received, and asked Kyiv to work together on them.",
    ),
    Sample(
        20,
        "hangang",
        "/politics/2003",
        "조태열 장관, 시비하 우크라이나 외교장관과 통화…북한군 포로 협력 요청",
        "조태열 외교부 장관은 쿠르스크에서 생포된 북한군 포로 가운데 한국행을 원하는 이들을 "
        "수용하겠다며 우크라이나 측에 협조를 요청했다.",
    ),
    Sample(
        22,
        "dnipro",
        "/politics/3003",
        "Сибіга і Чо Те Йоль обговорили північнокорейських військовополонених",
        "Глави МЗС України та Південної Кореї телефоном говорили про солдатів КНДР, узятих у "
        "полон на Курщині. За даними Києва, втрати північнокорейських військ убитими й "
        "пораненими на початок січня 2025 року перевищили 3000.",
    ),
    Sample(
        24,
        "volna",
        "/news/4002",
        "Сеул готов принять северокорейских военнопленных из Украины",
        "Министр иностранных дел Южной Кореи Чо Тхэ Ёль сказал об этом Андрею Сибиге по телефону.",
    ),
    Sample(
        28,
        "hangang",
        "/world/2004",
        "북한, 쿠르스크 파병 처음으로 공식 인정",
        "북한은 조선중앙통신을 통해 러시아 쿠르스크 전투에 군대를 보냈다고 처음으로 밝혔다.",
    ),
    Sample(
        30,
        "wire",
        "/world/1007",
        "North Korea confirms for the first time that it sent troops to fight in Russia's Kursk "
        "region",
        "State media carried a statement of the party's military commission about the deployment.",
    ),
    Sample(
        32,
        "volna",
        "/news/4003",
        "КНДР впервые признала, что её военные воевали в Курской области",
        "Об этом сообщило государственное агентство ЦТАК.",
    ),
    Sample(
        34,
        "hangang",
        "/society/2005",
        "새 점포로 이전한 동네 서점, 개점 30주년 행사",
        "서점은 이번 주말 작가와의 만남을 연다.",
    ),
)
