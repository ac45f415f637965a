"""Russian: which declensions a word may have, by its ending; ё counts as е throughout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.forms.slavic.declension import (
    GENITIVE,
    INSTRUMENTAL,
    PLURAL,
    Reading,
    adjective,
    noun,
    only,
)
from monitor.rules.forms.wordlists import pairs, words

if TYPE_CHECKING:
    from collections.abc import Callable

_VOWELS = frozenset("аеиоуыэюя")
_SHORT = 4
"""Letters of the shortest word that most rules are safe for."""
_HUSHING = frozenset("жшчщ")
_VELAR = frozenset("гкх")

_HARD_ADJ = adjective(
    "ый ого ому ого ым ом",
    "ая ой ой ую ой/ою ой",
    "ое ого ому ое ым ом",
    "ые ых ым ых ыми ых",
)
_VELAR_ADJ = adjective(
    "ий ого ому ого им ом",
    "ая ой ой ую ой/ою ой",
    "ое ого ому ое им ом",
    "ие их им их ими их",
)
_SOFT_ADJ = adjective(
    "ий его ему его им ем",
    "яя ей ей юю ей/ею ей",
    "ее его ему ее им ем",
    "ие их им их ими их",
)
_HUSHING_ADJ = adjective(
    "ий его ему его им ем",
    "ая ей ей ую ей/ею ей",
    "ее его ему ее им ем",
    "ие их им их ими их",
)
_POSSESSIVE_ADJ = adjective(
    "ий ьего ьему ьего ьим ьем",
    "ья ьей ьей ью ьей/ьею ьей",
    "ье ьего ьему ье ьим ьем",
    "ьи ьих ьим ьих ьими ьих",
)
_REFLEXIVE_ADJ = adjective(
    "ийся егося емуся егося имся емся",
    "аяся ейся ейся уюся ейся ейся",
    "ееся егося емуся ееся имся емся",
    "иеся ихся имся ихся имися ихся",
)

_TABLES = {
    "M": noun("а у ом е .", "ы ов ам ами ах"),
    "M-г": noun("а у ом е .", "и ов ам ами ах"),
    "M-ж": noun("а у ом/ем е .", "и ей ам ами ах"),
    "M-ц": noun("а у ом/ем е .", "ы ов/ев ам ами ах"),
    "M-ь": noun("я ю ем е .", "и ей ям ями ях"),
    "M-й": noun("я ю ем е .", "и ев ям ями ях"),
    "M-ий": noun("я ю ем и/е .", "и ев ям ями ях"),
    "M-анин": noun("ина ину ином ине .", "е _ ам ами ах"),
    "M-ин": noun("ина ину ином ине .", "ы _ ам ами ах"),
    "M-name": noun("а у ым/ом е .", "ы ых ым ыми ых"),
    "M1": noun("а у ом е .", ""),
    "F": noun("ы е ой/ою е .", "ы . ам ами ах", accusative="у"),
    "F-name": noun("ой/ы ой/е ой/ою ой/е .", "ы ых ым ыми ых", accusative="у"),
    "F-г": noun("и е ой/ою е .", "и . ам ами ах", accusative="у"),
    "F-ж": noun("и е ей/ою/ой е .", "и ей ам ами ах", accusative="у"),
    "F-ц": noun("ы е ей/ой е .", "ы . ам ами ах", accusative="у"),
    "F-я": noun("и е ей/ею е .", "и . ям ями ях", accusative="ю"),
    "F-ия": noun("и и/е ей/ею и/е .", "и й ям ями ях", accusative="ю"),
    "F-ь": noun("и и ью и .", "и ей ям ями ях", accusative="ь"),
    "F-жь": noun("и и ью и .", "и ей ам ами ах", accusative="ь"),
    "F-ь-": noun("и и . и .", "и ей ям/ам ями/ами ях/ах", accusative="."),
    "N": noun("а у ом е .", "а . ам ами ах", accusative="о"),
    "N-ко": noun("а у ом е .", "а/и ов ам ами ах", accusative="о"),
    "N-е": noun("я ю ем е .", "я ей ям ями ях", accusative="е"),
    "N-це": noun("а у ем е .", "а . ам ами ах", accusative="е"),
    "N-ие": noun("я ю ем и/е .", "я й ям ями ях", accusative="е"),
    "N-ье": noun("я ю ем е/и .", "я ев ям ями ях", accusative="е"),
    "N-мя": noun("ени ени енем ени .", "ена ен/ян енам енами енах", accusative="я"),
    "P": noun("", "ы ов ам ами ах", base=PLURAL),
    "P-г": noun("", "и ов ам ами ах", base=PLURAL),
    "P-ж": noun("", "и ей ам ами ах", base=PLURAL),
    "P-и": noun("", "и ей ям ями ях", base=PLURAL),
    "P-ии": noun("", "и й/ев ям ями ях", base=PLURAL),
    "+ья": noun("", "ья ьев/ей ьям ьями ьях"),
    "+и": noun("", "и ей ям/ам ями/ьми/ами ях/ах"),
    "+а": noun("", "а _ ам ами ах"),
    "+лет": noun("", ". _ ам ами ах"),
    "+ы": noun("", "ы ов ам ами ах"),
    "+ью": only(INSTRUMENTAL, "ью"),
    "+0": only(PLURAL + GENITIVE, "_"),
    "мать": noun("ери ери ерью ери .", "ери ерей ерям ерями/ерьми ерях", accusative="ь"),
    "путь": noun("и и ем и .", "и ей ям ями ях", accusative="ь"),
    "деньги": noun("", "ьги ег ьгам ьгами ьгах", base=PLURAL),
}

_INDECLINABLE = frozenset(
    words(
        """
    метро кино радио бюро депо пальто авто фото видео евро кило казино кимоно табло такси шасси
    динамо шоссе кафе атташе досье резюме интервью кофе портье фойе жюри меню пенальти ралли
    пари лобби хобби плато торонто осло токио чикаго мали чили перу дели тбилиси сочи баку
    катманду мехико монако марокко киото хельсинки нагасаки торнадо пони гуру табу либретто
    какао ссср рф сша кндр кнр
    """
    )
)

_IRREGULAR = """
    человек человек:M-г люд:+и
    ребенок ребенк:M-г дет:+и
    люди люд:+и
    дети дет:+и
    деньги ден:деньги
    год год:M год:+а лет:+лет
    друг друг:M-г друз:+ья
    сын сын:M сынов:+ья
    муж муж:M-ж муж:+ья
    князь княз:M-ь княз:+ья
    зять зят:M-ь зят:+ья
    брат брат:M брат:+ья
    стул стул:M стул:+ья
    лист лист:M лист:+ья
    зуб зуб:M
    клин клин:M клин:+ья
    перо пер:N пер:+ья
    крыло крыл:N крыл:+ья
    дерево дерев:N дерев:+ья
    звено звен:N звен:+ья
    путь пут:путь
    мать мат:мать
    дочь доч:мать
    господин господин:M1 господ:+а
    хозяин хозяин:M1 хозяев:+а
    небо неб:N небес:+а
    чудо чуд:N чудес:+а
    дело дел:N дел:+0
    тело тел:N тел:+0
    сосед сосед:M сосед:+и
    черт черт:M черт:+и
    ухо ух:N уш:+и
    око ок:N оч:+и
    плечо плеч:N плеч:+и плеч:+0
    колено колен:N колен:+и
    судно судн:N суд:+ы
    солнце солнц:N-це солнц:+0
    яйцо яйц:N яиц:+0
    церковь церкв:F-ь- церков:+ью
    любовь любв:F-ь- любов:+ью
    ложь лж:F-ь- лож:+ью
    день дн:M-ь
    пень пн:M-ь
    огонь огн:M-ь
    уголь угл:M-ь
    корень корн:M-ь
    парень парн:M-ь
    камень камн:M-ь
    уровень уровн:M-ь
    ремень ремн:M-ь
    перечень перечн:M-ь
    цветок цветк:M-г цвет:+ы
    лед льд:M
    лен льн:M
    лев льв:M лев:M1
    заяц зайц:M-ц
    заем займ:M
    наем найм:M
    павел павл:M
    христос христ:M
    полдень полдн:M-ь полудн:M-ь
    сестра сестр:F сестер:+0
    земля земл:F-я земель:+0
    овца овц:F-ц овец:+0
    семья семь:F-ия семей:+0
    судья судь:F-ия судей:+0
    свинья свинь:F-ия свиней:+0
    война войн:F войн:+0
    тайна тайн:F тайн:+0
    дно дн:N
    имя им:N-мя
    гость гост:M-ь
    господь господ:M
    египет египт:M
    солдат солдат:M солдат:+0
    партизан партизан:M партизан:+0
    турок турк:M-г турок:+0
    убийца убийц:F-ц убийц:+0
    вой во:M-й
    стая ста:F-ия
    свая сва:F-ия
    шея ше:F-ия
    фамилия фамили:F-ия
    """

_FLEETING = pairs(
    """
    посол:посл осел:осл козел:козл котел:котл орел:орл узел:узл угол:угл пепел:пепл пес:пс
    сон:сн лоб:лб рот:рт ров:рв шов:шв мох:мх щегол:щегл дятел:дятл хребет:хребт костер:костр
    ковер:ковр шатер:шатр овес:овс ветер:ветр свекор:свекр бугор:бугр хохол:хохл чехол:чехл
    вымысел:вымысл помысел:помысл замысел:замысл промысел:промысл умысел:умысл хлев:хлев
    петр:петр церковь:церкв
    """
)
_FLEETING_SOFT = pairs(
    """
    ноготь:ногт коготь:когт локоть:локт ломоть:ломт деготь:дегт лапоть:лапт кашель:кашл
    стебель:стебл гребень:гребн перстень:перстн ливень:ливн щебень:щебн рубль:рубл
    корабль:корабл хмель:хмел
    """
)
_OTHER_WORDS = {
    "": frozenset(
        words(
            """
    разом чином коли але
    после тем том тому потом стали начал дали эх адам стану наряду хотя при для без над под
    """
        )
    ),
    "лето": frozenset(("лет",)),
    "лев": frozenset(("львов",)),
    "рост": frozenset(("ростов",)),
    "часы": frozenset(("час",)),
    "выборы": frozenset(("выбор",)),
    "премьера": frozenset(("премьер",)),
}
"""Forms that nearly always are another, much more frequent word: of any word, and of one."""
_FIXED_SURNAMES = ("о", "и", "ых", "гих", "ких")
_SURNAME = ("ский", "цкий", "ской", "цкой")
_NOUN_AJA = ("стая", "свая", "зая", "майя", "аглая", "папайя")
_IN_MJA = frozenset(("время", "знамя", "племя", "семя", "пламя", "бремя", "темя", "имя"))
_NOUN_OJ = words(
    """
    рой бой конвой слой зной стой покой изгой ковбой плейбой перепой
    """
)
_ADJ_OJ = words(
    """
    второй сырой голубой слабой любой боевой мировой простой пустой густой толстой холостой
    чистой святой
    """
)
_ONLY_FEMININE = words(
    """
    ость есть исть асть ысть усть знь вь пь бь щадь ядь адь сь фь
    """
)
_ONLY_MASCULINE = ("атель", "итель", "етель", "утель", "брь")


def homographs(word: str) -> frozenset[str]:
    """Forms of a word that nearly always are another, much more frequent word."""
    return _OTHER_WORDS.get(word) or _OTHER_WORDS[""]


def readings(word: str, kind: str, *, capital: bool) -> list[Reading]:
    """The declensions that a word in small letters may have; none if it does not change."""
    word = word.replace("ё", "е")
    if word in _CLOSED:
        return _CLOSED[word]
    person = kind == "person"
    if word in _INDECLINABLE or (person and word.endswith(_FIXED_SURNAMES)):
        return []
    name = person or (capital and not kind)
    by_ending = _BY_ENDING.get(word[-1])
    if by_ending:
        return by_ending(word, name, person)
    return _consonant(word, name=name, place=capital and not person)


def _one(stem: str, table: str, *zeros: str) -> Reading:
    return Reading(stem, _TABLES[table], zeros)


def _consonant(word: str, *, name: bool, place: bool) -> list[Reading]:
    last = word[-1]
    if name and word.endswith(("ов", "ев", "ин", "ын")) and len(word) > _SHORT:
        return [_one(word, "M-name")]
    if word.endswith(("анин", "янин")):
        return [_one(word[:-2], "M-анин")]
    if word.endswith(("арин", "рузин")):
        return [_one(word[:-2], "M-ин")]
    found = [_one(stem, _masculine(last)) for stem in _fleeting(word)]
    if place and word.endswith(("ск", "цк")):
        found.append(Reading(word, _VELAR_ADJ[""]))
        found.append(_one(_land(word) + "ин", "F"))
    return found


def _land(place: str) -> str:
    """Курск -> Курщ(ина), Донецк -> Донетч(ина)."""
    return place[:-2] + ("щ" if place.endswith("ск") else "тч")


def _masculine(last: str) -> str:
    if last in _VELAR:
        return "M-г"
    if last in _HUSHING:
        return "M-ж"
    return "M-ц" if last == "ц" else "M"


def _fleeting(word: str) -> list[str]:
    """The stems before endings: without the vowel that only the bare form has, if it has one."""
    if word in _FLEETING:
        return [_FLEETING[word]]
    tail = word[-2:]
    if len(word) < _SHORT or tail not in ("ок", "ек", "ец"):
        return [word]
    before = word[-3]
    if tail == "ец":
        short = word[:-2] + ("йц" if before in _VOWELS else "ьц" if before == "л" else "ц")
        return [short, word] if before not in _VOWELS else [short]
    if before in _VOWELS:
        return [word[:-2] + "йк"]
    short = word[:-2] + ("ьк" if tail == "ек" and before == "л" else "к")
    syllables = sum(letter in _VOWELS for letter in word)
    return [word, short] if syllables > 1 else [word]


def _soft(word: str) -> list[Reading]:
    stem = word[:-1]
    if stem[-1] in _HUSHING:
        return [_one(stem, "F-жь")]
    if word in _FLEETING_SOFT:
        return [_one(_FLEETING_SOFT[word], "M-ь")]
    if word.endswith(_ONLY_FEMININE):
        return [_one(stem, "F-ь")]
    if word.endswith(_ONLY_MASCULINE):
        return [_one(stem, "M-ь")]
    return [_one(stem, "M-ь"), _one(stem, "F-ь")]


def _in_j(word: str, *, surname: bool) -> list[Reading]:  # noqa: PLR0911 - one line an ending
    stem, vowel, before = word[:-2], word[-2], word[-3:-2]
    gender = "m1" if surname else ""
    if vowel == "ы":
        return [Reading(stem, _HARD_ADJ[gender])]
    if vowel == "и":
        if before in _VELAR and not word.endswith("ргий"):
            return [Reading(stem, _VELAR_ADJ[gender])]
        if before in _HUSHING:
            return [Reading(stem, _HUSHING_ADJ[gender])]
        if word in ("синий", "божий"):
            return [Reading(stem, _SOFT_ADJ[gender]), Reading(stem, _POSSESSIVE_ADJ[gender])]
        if before == "н" and word[-4:-3] not in ("е", "о", "и", "я", "ю", "а"):
            return [Reading(stem, _SOFT_ADJ[gender])]
        return [_one(word[:-1], "M-ий")]
    if vowel == "о" and not _is_noun_in_oj(word):
        table = _VELAR_ADJ if before in _VELAR | _HUSHING else _HARD_ADJ
        return [Reading(stem, table[gender])]
    return [_one(word[:-1], "M-й")]


def _is_noun_in_oj(word: str) -> bool:
    return word.endswith(_NOUN_OJ) and not word.endswith(_ADJ_OJ)


def _in_a(word: str, *, name: bool) -> list[Reading]:
    stem, last = word[:-1], word[-2]
    if name and stem.endswith(("ов", "ев", "ин", "ын")) and len(word) > _SHORT + 1:
        return [_one(stem, "F-name")]
    table = (
        "F-г" if last in _VELAR else "F-ж" if last in _HUSHING else "F-ц" if last == "ц" else "F"
    )
    return [_one(stem, table, *_without_ending(stem))]


def _without_ending(stem: str) -> tuple[str, ...]:  # noqa: PLR0911 - one line an ending
    """The genitive plural of a stem in a consonant, with the vowel that parts two consonants."""
    if len(stem) < _SHORT - 1 or stem[-2] in _VOWELS:
        return (stem,)
    last, before = stem[-1], stem[-2]
    head = stem[:-2]
    if before in "ьй":
        return (head + "е" + last,) if last == "к" else (head + "е" + last, stem)
    if last == "к":
        if before in _HUSHING or before == "ц":
            return (head + before + "ек",)
        return (head + before + "ок", stem) if before in "сз" else (head + before + "ок",)
    if before in _VELAR and last in "нл":
        return (head + before + "о" + last,)
    if last in "нлрмвбц" and before not in "рл" + last:
        return (head + before + "е" + last, stem)
    return (head + before + "е" + last, stem) if last in "нцб" and before != last else (stem,)


def _in_ja(word: str) -> list[Reading]:
    stem, before = word[:-1], word[-2]
    if word.endswith(("ийся", "аяся")):
        return [Reading(word[:-4], _REFLEXIVE_ADJ[""])]
    if word.endswith(("ая", "яя")) and word not in _NOUN_AJA and len(word) >= _SHORT:
        return [_feminine_adjective(word)]
    if word in _IN_MJA:
        return [_one(stem, "N-мя")]
    if before in _VOWELS:
        return [_one(stem, "F-ия")]
    if before == "ь":
        return [_one(stem, "F-ия", stem[:-1] + "ей", stem[:-1] + "ий")]
    return [_one(stem, "F-я", *_soft_without_ending(stem))]


def _soft_without_ending(stem: str) -> tuple[str, ...]:
    if len(stem) >= _SHORT - 1 and stem[-2] not in _VOWELS:
        head, before, last = stem[:-2], stem[-2].replace("ь", ""), stem[-1]
        return (head + before + "е" + last, head + before + "е" + last + "ь", stem + "ей")
    return (stem + "ь",)


def _feminine_adjective(word: str) -> Reading:
    stem, before = word[:-2], word[-3]
    if word.endswith("яя"):
        return Reading(stem, _SOFT_ADJ["f"])
    if before in _VELAR:
        return Reading(stem, _VELAR_ADJ["f"])
    return Reading(stem, (_HUSHING_ADJ if before in _HUSHING else _HARD_ADJ)["f"])


def _in_o(word: str) -> list[Reading]:
    stem = word[:-1]
    if stem[-1] in _VOWELS:
        return []
    table = "N-ко" if stem[-1] in _VELAR else "N"
    return [_one(stem, table, *_without_ending(stem))]


def _in_e(word: str) -> list[Reading]:  # noqa: PLR0911 - one line an ending
    stem, before = word[:-1], word[-2]
    if word.endswith("ое"):
        table = _VELAR_ADJ if word[-3] in _VELAR else _HARD_ADJ
        return [Reading(word[:-2], table["n"])]
    if word.endswith("ее"):
        table = _HUSHING_ADJ if word[-3] in _HUSHING else _SOFT_ADJ
        return [Reading(word[:-2], table["n"])]
    if word.endswith("ые"):
        return [Reading(word[:-2], _HARD_ADJ["p"])]
    if word.endswith(("кие", "гие", "хие", "шие", "щие")):
        return [Reading(word[:-2], _VELAR_ADJ["p"])]
    if before == "и":
        return [_one(stem, "N-ие")]
    if before == "ь":
        return [_one(stem, "N-ье", stem[:-1] + "ий")]
    if before in _HUSHING or before == "ц":
        return [_one(stem, "N-це", *_without_ending(stem))]
    if before in "лр":
        return [_one(stem, "N-е")]
    if word.endswith(("ане", "яне")):
        return [_one(stem, "M-анин")]
    return []


def _plural(word: str) -> list[Reading]:  # noqa: PLR0911 - one line an ending
    stem, before = word[:-1], word[-2]
    if before == "и":
        return [_one(stem, "P-ии")]
    if before == "ь":
        return [_one(stem, "P-ии", stem[:-1] + "ей")]
    if before in _VOWELS:
        return [_one(stem, "P-ии")]
    if word[-1] == "ы":
        return [_one(stem, "P", *_without_ending(stem))]
    if before in _VELAR:
        return [_one(stem, "P-г", *_without_ending(stem))]
    if before in _HUSHING:
        return [_one(stem, "P-ж", *_without_ending(stem))]
    return [_one(stem, "P-и", *_soft_without_ending(stem))]


def _closed() -> dict[str, list[Reading]]:
    lines = [line.split() for line in _IRREGULAR.splitlines() if line.strip()]
    closed = {word: [_one(*pair.split(":")) for pair in pairs] for word, *pairs in lines}
    return closed | {"третий": [Reading("трет", _POSSESSIVE_ADJ[""])]}


_CLOSED = _closed()


def agrees(word: str, following: str) -> bool:
    """Whether a word may be an adjective of the word after it."""
    if word.endswith(("ый", "ий", "ой")):
        return True
    if word.endswith(("ая", "яя")):
        return following[-1] in "аяь"
    if word.endswith(("ое", "ее")):
        return following[-1] in "оея"
    return word.endswith(("ые", "ие")) and following[-1] in "ыиаяе"


def adjectives(word: str) -> list[Reading]:
    """The declension of a word that is an adjective, in the gender it is written in."""
    word = word.replace("ё", "е")
    stem, before, end = word[:-2], word[-3:-2], word[-2:]
    gender = _GENDERS.get(end, "m")
    if end in ("яя", "ее", "ий", "ие") and before == "н":
        return [Reading(stem, _SOFT_ADJ[gender])]
    if before in _VELAR:
        return [Reading(stem, _VELAR_ADJ[gender])]
    if before in _HUSHING:
        return [Reading(stem, _HUSHING_ADJ[gender]), Reading(stem, _VELAR_ADJ[gender])]
    return [Reading(stem, (_SOFT_ADJ if end in ("яя", "ее") else _HARD_ADJ)[gender])]


_GENDERS = {"ая": "f", "яя": "f", "ое": "n", "ее": "n", "ые": "p", "ие": "p"}


def _nothing(_word: str, _name: bool, _person: bool) -> list[Reading]:  # noqa: FBT001 - one shape for all
    return []


_BY_ENDING: dict[str, Callable[[str, bool, bool], list[Reading]]] = {
    **dict.fromkeys("уюэ", _nothing),
    **dict.fromkeys("ыи", lambda word, _name, _person: _plural(word)),
    "ь": lambda word, _name, _person: _soft(word),
    "й": lambda word, name, person: _in_j(
        word, surname=person or (name and word.endswith(_SURNAME))
    ),
    "а": lambda word, name, _person: _in_a(word, name=name),
    "я": lambda word, _name, _person: _in_ja(word),
    "о": lambda word, _name, _person: _in_o(word),
    "е": lambda word, _name, _person: _in_e(word),
}
"""What each last letter but a consonant means; the flags: perhaps a name, surely a person's."""
