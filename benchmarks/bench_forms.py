"""How long it takes to expand 10,000 terms of six languages: `python benchmarks/bench_forms.py`."""

from __future__ import annotations

import random
import time

from monitor.rules import forms

TERMS = (
    (
        "uk",
        "",
        "військовополонений полонений солдат розвідка посол область боєць вертоліт знання переговори",
    ),
    ("uk", "person", "Зеленський Сибіга Буданов Шевченко Залужний"),
    ("uk", "place", "Київ Харків Курськ Суджа Запоріжжя"),
    ("ru", "", "военнопленный пленный солдат разведка посол область боец корабль знание санкции"),
    ("ru", "person", "Зеленский Сибига Лавров Путин Захарова"),
    ("ru", "place", "Киев Курск Россия Белгород Пхеньян"),
    ("en", "", "soldier prisoner captive ally crisis drone missile embassy serviceman ceasefire"),
    ("en", "person", "Zelensky Sybiha Putin Budanov Yermak"),
    ("ko", "", "포로 북한군 송환 파병 생포 병사 장관 협상 미사일 훈련"),
    ("ko", "person", "조태열 젤렌스키 김정은 푸틴 윤석열"),
    ("zh", "", "战俘 士兵 外长 朝鲜 停火"),
    ("ja", "", "捕虜 ドローン ソウル 北朝鮮兵 ミサイル"),
)
PHRASES = (
    ("uk", "", "північнокорейський солдат"),
    ("uk", "person", "Андрій Сибіга"),
    ("ru", "", "министр иностранных дел"),
    ("ru", "person", "Ким Чен Ын"),
    ("en", "", "prisoner of war"),
    ("en", "person", "Cho Tae-yul"),
    ("ko", "person", "안드리 시비하"),
)
LETTERS = {"uk": "абвгклмнопрстіи", "ru": "абвгклмнопрсти", "en": "abcdeilmnorst"}


def terms(count: int) -> list[tuple[str, str, str]]:
    """Distinct made-up terms with real endings, a fifth of them phrases."""
    play = random.Random(1)
    single = [(language, kind, word) for language, kind, text in TERMS for word in text.split()]
    made = []
    for index in range(count):
        language, kind, word = (
            PHRASES[index % len(PHRASES)] if index % 5 == 0 else play.choice(single)
        )
        letters = LETTERS.get(language, "")
        start = "".join(play.choices(letters, k=4)) if letters else ""
        made.append(
            (
                language,
                kind,
                start + word.lower() if not kind else start.capitalize() + word.lower(),
            )
        )
    return made


def main() -> None:
    many = terms(10_000)
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        total = sum(
            len(forms.expand(word, language=lang, kind=kind).texts) for lang, kind, word in many
        )
        best = min(best, time.process_time() - started)
    print(
        f"10,000 terms: {best:.3f} s, {best * 100:.1f} us a term, {total / len(many):.1f} forms a term"
    )
    for language in dict.fromkeys(language for language, _, _ in many):
        own = [term for term in many if term[0] == language]
        started = time.process_time()
        for lang, kind, word in own:
            forms.expand(word, language=lang, kind=kind)
        print(f"  {language}: {(time.process_time() - started) / len(own) * 1e6:.1f} us a term")


if __name__ == "__main__":
    main()
