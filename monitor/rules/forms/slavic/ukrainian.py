"""Ukrainian: which declensions a word may have, by its ending; apostrophes are straight here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.forms.slavic.declension import (
    GENITIVE,
    INSTRUMENTAL,
    LOCATIVE,
    PLURAL,
    Reading,
    adjective,
    noun,
    only,
)
from monitor.rules.forms.wordlists import pairs, words

if TYPE_CHECKING:
    from collections.abc import Callable

_VOWELS = frozenset("аеєиіїоуюя")
_SHORT = 4
"""Letters of the shortest word that most rules are safe for."""
_HUSHING = frozenset("жшчщ")
_SOFTENED = {"к": "ц", "г": "з", "х": "с"}

_HARD_ADJ = adjective(
    "ий ого ому ого им ому/ім",
    "а ої ій у ою ій",
    "е ого ому е им ому/ім",
    "і их им их ими их",
)
_SOFT_ADJ = adjective(
    "ій ього ьому ього ім ьому/ім",
    "я ьої ій ю ьою ій",
    "є ього ьому є ім ьому/ім",
    "і іх ім іх іми іх",
)
_VOWEL_ADJ = adjective(
    "їй його йому його їм йому/їм",
    "я йої їй ю йою їй",
    "є його йому є їм йому/їм",
    "ї їх їм їх їми їх",
)

_TABLES = {
    "M": noun("а/у у/ові ом і/у/ові е", "и ів ам ами ах"),
    "M-г": noun("а/у у/ові ом у/ові/і у", "и ів ам ами ах"),
    "M-ж": noun("а/у у/еві ем і/у/еві е", "і ів/ей ам ами ах"),
    "M-ь": noun("я/ю ю/еві ем і/ю/еві ю", "і ів/ей ям ями ях"),
    "M-р": noun("я ю/еві ем і/ю/еві ю", "і ів ям ями ях"),
    "M-й": noun("я/ю ю/єві єм ї/ю/єві ю", "ї їв ям ями ях"),
    "M-анин": noun("ина ину/инові ином ині/инові ине", "и _ ам ами ах"),
    "M-name": noun("а у/ові им/ом і/у/ові е", "и их им ими их"),
    "M-ко": noun("а у/ові ом у/ові у/о", "и ів ам ами ах"),
    "F": noun("и і ою і о", "и . ам ами ах", accusative="у"),
    "F-г": noun("и . ою . о", "и . ам ами ах", accusative="у"),
    "F-name": noun("ої/и ій/і ою ій/і о", "и их им ими их", accusative="у"),
    "F-ж": noun("і і ею і е", "і . ам ами ах", accusative="у"),
    "F-я": noun("і і ею і е/ю", "і . ям ями ях", accusative="ю"),
    "F-ія": noun("ї ї єю ї є", "ї й ям ями ях", accusative="ю"),
    "F-'я": noun("ї ї єю ї є", "ї . ям ями ях", accusative="ю"),
    "F-ь": noun("і і . і е", "і ей ям ями ях", accusative="."),
    "F-ч": noun("і і . і е", "і ей ам ами ах", accusative="."),
    "N": noun("а у ом і/у о", "а . ам ами ах", accusative="о"),
    "N-ко": noun("а у ом у о", "а/и ів ам ами ах", accusative="о"),
    "N-е": noun("я ю ем і/ю .", "я ів ям ями ях", accusative="е"),
    "N-ж": noun("а у ем і/у .", "а . ам ами ах", accusative="е"),
    "N-ння": noun("я ю ям і/ю .", "я ів ям ями ях", accusative="я"),
    "N-'я": noun("я ю ям ї/ю .", "я їв ям ями ях", accusative="я"),
    "N-мя": noun("ені/я ені ям/енем ені .", "ена ен енам енами енах", accusative="я"),
    "N-ля": noun("яти яті ям яті .", "ята ят ятам ятами ятах", accusative="я"),
    "P": noun("", "и ів ам ами ах", base=PLURAL),
    "P-і": noun("", "і ів/ей ам ами ах", base=PLURAL),
    "P-ь": noun("", "і ів/ей ям ями ях", base=PLURAL),
    "P-ї": noun("", "ї їв/й ям ями ях", base=PLURAL),
    "+и": noun("", "и ей ям ьми/ями ях"),
    "+і": noun("", "і ей ям има/ями ях"),
    "+і-": noun("", "і ей ам има/ами ах"),
    "+а": noun("", "а _ ам ами ах"),
    "+0": only(PLURAL + GENITIVE, "_"),
    "+ю": only(INSTRUMENTAL, "ю"),
    "+loc": only(LOCATIVE, "і"),
    "+dat": noun(". і . і .", ""),
    "мати": noun("ері ері . ері .", "ері ерів/ерей ерям ерями ерях", accusative="ір"),
    "друзі": noun("", "і ів ям ями ях"),
    "імена": noun("", "а _ ам ами ах"),
}

_INDECLINABLE = frozenset(
    words(
        """
    метро кіно радіо бюро депо авто фото відео євро кіло казино таксі шасі шосе кафе аташе досьє
    резюме інтерв'ю журі меню пенальті ралі парі лобі хобі торонто осло токіо чикаго малі чилі
    перу делі тбілісі сочі баку катманду мехіко монако марокко кіото хельсінкі нагасакі гуру
    табу какао
    """
    )
)

_IRREGULAR = """
    людина людин:F люд:+и
    люди люд:+и
    дитина дитин:F діт:+и
    діти діт:+и
    друг друг:M-г друз:друзі
    рік рок:M-г роц:+loc
    бік бок:M-г боц:+loc
    день дн:M-ь
    пень пн:M-ь
    вогонь вогн:M-ь
    камінь камен:M-ь
    корінь корен:M-ь
    кінь кон:M-ь
    кінець кінц:M-ь
    ремінь ремен:M-ь
    промінь промен:M-ь
    боєць бійц:M-ь
    заєць зайц:M-ь
    швець шевц:M-ь
    лев лев:M льв:M
    лід льод:M
    вітер вітр:M
    посол посл:M
    вузол вузл:M
    орел орл:M
    осел осл:M
    козел козл:M
    котел котл:M
    пес пс:M
    сон сн:M
    рот рот:M
    лоб лоб:M
    хребет хребт:M
    павло павл:M
    федір федор:M
    антін антон:M
    журавель журавл:M-ь
    петро петр:M
    дмитро дмитр:M
    мати мат:мати матір':+ю
    ніч ноч:F-ч нічч:+ю
    річ реч:F-ч річч:+ю
    піч печ:F-ч пічч:+ю
    північ півноч:F-ч північч:+ю
    сіль сол:F-ь сілл:+ю
    любов любов:F-ч любов':+ю
    кров кров:F-ч кров':+ю
    церква церкв:F церков:+0
    розкіш розкош:F-ч розкішш:+ю
    подорож подорож:F-ч подорожж:+ю
    зустріч зустріч:F-ч зустрічч:+ю
    ім'я ім':N-'я ім:N-мя імен:імена
    плем'я плем':N-'я плем:N-мя племен:імена
    небо неб:N небес:+а
    око ок:N-ко оч:+і-
    вухо вух:N-ко вуш:+і-
    плече плеч:N-ж плеч:+і-
    гроші грош:+і-
    тиждень тижн:M-ь
    батько батьк:M-ко
    дядько дядьк:M-ко
    гра гр:F ігр:F ігор:+0
    дівчина дівчин:F дівчат:+а
    вісь ос:F-ь вісс:+ю
    сибір сибір:M-р сибір:M
    корабель корабл:M-ь
    біль бол:M-ь
    гість гост:M-ь
    ведмідь ведмед:M-ь
    важіль важел:M-ь
    тернопіль тернопол:M-ь
    господь господ:M
    вівця вівц:F-я овець:+0
    немовля немов:N-ля
    дитя дит:N-ля
    двері двер:+і двер:+і-
    очі оч:+і-
    стаття статт:F-я статей:+0
    суддя судд:F-я судд:друзі
    свиня свин:F-я свиней:+0
    сім'я сім':F-'я сімей:+0
    земля земл:F-я земель:+0
    війна війн:F воєн:+0 війн:+0
    сестра сестр:F сестер:+0
    школа школ:F шкіл:+0
    нога ног:F-г ноз:+dat ніг:+0
    гора гор:F гір:+0
    доба доб:F діб:+0
    сльоза сльоз:F сліз:+0
    слово слов:N слів:+0
    село сел:N сіл:+0
    коло кіл:+0 кол:N
    поле пол:N-е піль:+0
    місце місц:N-е місць:+0
    серце серц:N-е сердець:+0
    сонце сонц:N-е сонць:+0
    яйце яйц:N-е яєць:+0
    """
_OPENED = tuple(
    pairs(
        """
    хід:ход рід:род стіл:стол бік:бок потік:поток витік:виток стік:сток ріг:рог ліг:лог
    двір:двор твір:твор бір:бор спір:спор простір:простор вечір:вечор папір:папер плід:плод
    провід:провод привід:привод відвід:відвод розвід:розвод вивід:вивод підвід:підвод
    повід:повод ківш:ковш сіб:соб колір:кольор якір:якор погріб:погреб острів:остров сокіл:сокол
    попіл:попел дзвін:дзвон сніп:сноп покрів:покров хвіст:хвост гніт:гнот опір:опор говір:говор
    зір:зор гін:гон чобіт:чобот живіт:живот рубіж:рубеж платіж:платеж грабіж:грабеж ріст:рост
    вивіз:вивоз завіз:завоз перевіз:перевоз
    """
    ).items()
)
"""Ends of words in which a closed syllable turns і, an open one has о or е: хід, ходу."""
_OPENED_WORDS = pairs(
    """
    міст:мост ніж:нож віз:воз дім:дом сік:сок кіт:кот тік:ток ніс:нос піт:пот піст:пост віл:вол
    рів:ров гріб:гроб дозвіл:дозвол політ:польот виліт:вильот вертоліт:вертольот
    переліт:перельот зліт:зльот приліт:прильот майстер:майстр цукор:цукр човен:човн єгипет:єгипт
    христос:христ
    """
)
_SURNAME = ("ський", "цький", "зький")
_OPENED_NAMES = ("ів", "їв")
_OPENED_J = words(
    """
    бій стрій крій рій покій напій настрій устрій набій розбій двобій прибій відбій перебій
    подвій
    """
)

_ROUND = pairs(
    """
    бот:біт рог:ріг соб:сіб голов:голів рон:рін коров:корів род:рід мог:мог вдов:вдів коз:кіз
    бджол:бджіл болот:боліт ворот:воріт берез:беріз колод:колод сирот:сиріт щок:щік борон:борін
    зор:зір
    """
)
"""Ends of stems whose open syllable closes in the genitive plural: особа, осіб."""
_SHORT_ADJECTIVES = {
    "повинний": "повинен",
    "потрібний": "потрібен",
    "згодний": "згоден",
    "винний": "винен",
    "здатний": "здатен",
    "певний": "певен",
    "готовий": "готов",
}
_OTHER_WORDS = {
    "": frozenset(
        words(
            """
    після после біля вже коли тому потім або щодо від для при про над під без через між має маю
    """
        )
    ),
    "лев": frozenset(("львів", "львові", "львова")),
    "дім": frozenset(("дома",)),
}
"""Forms that nearly always are another, much more frequent word: of any word, and of one."""
_ONLY_FEMININE = words(
    """
    ість исть асть есть усть знь адь едь ось ись вісь мідь ять
    """
)
_ONLY_MASCULINE = words(
    """
    тель ець єць овень ітень ипень рпень день чень сень тень пень вень біль міль каль
    """
)


def homographs(word: str) -> frozenset[str]:
    """Forms of a word that nearly always are another, much more frequent word."""
    return _OTHER_WORDS.get(word) or _OTHER_WORDS[""]


def readings(word: str, kind: str, *, capital: bool) -> list[Reading]:
    """The declensions that a word in small letters may have; none if it does not change."""
    if word in _CLOSED:
        return _CLOSED[word]
    person = kind == "person"
    if word in _INDECLINABLE or (person and word[-1] == "і"):
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
    if word.endswith(("анин", "янин", "арин")):
        return [_one(word[:-2], "M-анин")]
    if last == "ч" and word.endswith(("річ", "ніч", "піч")):
        return [_one(word, "F-ч"), _one(word + "ч", "+ю")]
    stems = _oblique(word, name=name or place)
    if name and word.endswith(("ов", "ев", "єв", "ин", "ін", "їн")) and len(word) > _SHORT:
        return [_one(word, "M-name")]
    found = [reading for stem in stems for reading in _masculine(stem, last)]
    if place and word.endswith(("ськ", "цьк")):
        found.append(Reading(word, _HARD_ADJ[""]))
        found += _in_a(_land(word) + "ина", name=False)
    return found


def _land(place: str) -> str:
    """Курськ -> Курщ(ина), Донецьк -> Донеч(чина)."""
    return place[:-3] + ("щ" if place.endswith("ськ") else "чч")


def _masculine(stem: str, last: str) -> list[Reading]:
    if last == "к":
        return [_one(stem, "M-г")]
    if last in _SOFTENED:
        return [_one(stem, "M-г"), _one(stem[:-1] + _SOFTENED[last], "+loc")]
    if last in _HUSHING:
        return [_one(stem, "M-ж")]
    if last == "р" and stem.endswith(("ар", "яр", "ир", "кор", "гор", "вір", "хір", "зір")):
        return [_one(stem, "M"), _one(stem, "M-р")]
    return [_one(stem, "M")]


def _oblique(word: str, *, name: bool) -> list[str]:
    """The stems before endings: о and е for і, and without the vowel of the bare form."""
    if word in _OPENED_WORDS:
        return [_OPENED_WORDS[word]]
    for closed, opened in () if name else _OPENED:
        if word.endswith(closed):
            return [word[: -len(closed)] + opened, word]
    if (name or word.endswith("їв")) and word.endswith(_OPENED_NAMES) and len(word) >= _SHORT:
        before = word[-3] if word.endswith("ів") else ""
        return [word[:-2] + "ов", word[:-2] + "ев", word] if before else [word[:-2] + "єв"]
    if word.endswith(("ок", "ек", "єк")) and len(word) >= _SHORT:
        stem = word[:-2]
        short = stem + ("йк" if word.endswith("єк") else "к")
        return [short, word] if sum(letter in _VOWELS for letter in word) > 1 else [word]
    return [word]


def _soft(word: str) -> list[Reading]:  # noqa: PLR0911 - one line an ending
    stem = word[:-1]
    if word.endswith(("ець", "єць")):
        head = word[:-3]
        short = head + ("йц" if word.endswith("єць") else "ьц" if head.endswith("л") else "ц")
        return [_one(short, "M-ь"), _one(stem, "M-ь")]
    if word.endswith("ість"):
        return [_one(stem[:-3] + "ост", "F-ь"), _one(stem, "+ю"), _one(stem, "F-ь")]
    if word.endswith("інь"):
        opened = stem[:-2] + "ен"
        return [*_feminine(stem), _one(opened, "F-ь"), _one(opened, "M-ь"), _one(stem, "M-ь")]
    if word.endswith("ень"):
        return [_one(stem[:-2] + "н", "M-ь"), _one(stem, "M-ь")]
    if word.endswith(_ONLY_FEMININE):
        return _feminine(stem)
    if word.endswith(_ONLY_MASCULINE):
        return [_one(stem, "M-ь")]
    return [_one(stem, "M-ь"), *_feminine(stem)]


def _feminine(stem: str) -> list[Reading]:
    """A feminine noun in ь: its instrumental doubles the consonant (молодь, молоддю)."""
    doubled = stem if stem[-2] not in _VOWELS else stem + stem[-1]
    return [_one(stem, "F-ь"), _one(doubled, "+ю")]


def _in_j(word: str, *, surname: bool) -> list[Reading]:
    stem, vowel = word[:-2], word[-2]
    gender = "m1" if surname else ""
    if vowel == "и":
        short = (_SHORT_ADJECTIVES[word],) if word in _SHORT_ADJECTIVES else ()
        return [Reading(stem, _HARD_ADJ[gender], short)]
    if vowel == "ї" and len(word) > _SHORT:
        return [Reading(stem, _VOWEL_ADJ[gender]), _one(word[:-1], "M-й")]
    if word in ("третій", "синій") or (word.endswith("ній") and word[-4:-3] not in _VOWELS):
        return [Reading(stem, _SOFT_ADJ[gender])]
    found = [_one(word[:-1], "M-й")]
    if not surname and word.endswith(_OPENED_J):
        found = [_one(stem + "о", "M-й"), *found[len(word) <= _SHORT :]]
    return found


def _in_a(word: str, *, name: bool) -> list[Reading]:
    stem, last = word[:-1], word[-2]
    if stem.endswith(("ськ", "цьк", "зьк")):
        return [Reading(stem, _HARD_ADJ["f"])]
    if name and stem.endswith(("ов", "ев", "єв", "ин", "ін", "їн")) and len(word) > _SHORT + 1:
        return [_one(stem, "F-name")]
    zeros = _without_ending(stem)
    if last in _SOFTENED:
        return [_one(stem, "F-г", *zeros), _one(stem[:-1] + _SOFTENED[last], "+dat")]
    return [_one(stem, "F-ж" if last in _HUSHING else "F", *zeros)]


def _without_ending(stem: str) -> tuple[str, ...]:  # noqa: PLR0911 - one line an ending
    """The genitive plural of a stem in a consonant: its vowel closed, or one between consonants."""
    if len(stem) < _SHORT - 1:
        return (stem,)
    if stem[-2] in _VOWELS:
        for opened, closed in _ROUND.items():
            if stem.endswith(opened):
                return (stem[: -len(opened)] + closed, stem)
        return (stem,)
    head, before, last = stem[:-2], stem[-2], stem[-1]
    if last == "к":
        whole = (stem,) if before in "ьс" else ()
        return (head + before + "ок", *whole)
    if before == "й":
        return (head + "є" + last,)
    if before == "ь":
        return (head + "е" + last, stem)
    if before in _SOFTENED and last in "нл":
        return (head + before + "о" + last,)
    if last in "нлрмвц" and before != last:
        return (head + before + "е" + last, head + before + "о" + last, stem)
    return (stem,)


def _in_ja(word: str) -> list[Reading]:
    stem, before = word[:-1], word[-2]
    if before == "'":
        return [_one(stem, "N-'я")]
    if before in _VOWELS:
        return [_one(stem, "F-ія")]
    if len(word) > _SHORT and before == word[-3]:
        zero = stem[:-1] if before in _HUSHING else stem[:-1] + "ь"
        return [_one(stem, "N-ння", zero)]
    return [_one(stem, "F-я", *_soft_without_ending(stem))]


def _soft_without_ending(stem: str) -> tuple[str, ...]:
    if len(stem) >= _SHORT - 1 and stem[-2] not in _VOWELS:
        head, before, last = stem[:-2], stem[-2].replace("ь", ""), stem[-1]
        return (f"{head}{before}е{last}ь", f"{head}{before}е{last}", stem + "ь")
    return (stem + "ь",)


def _in_o(word: str, *, name: bool) -> list[Reading]:
    stem = word[:-1]
    if stem[-1] in _VOWELS:
        return []
    if name and stem.endswith(("к", "л")) and len(word) > _SHORT:
        return [_one(stem, "M-ко")]
    zeros = _without_ending(stem)
    if stem[-1] in _SOFTENED:
        return [_one(stem, "N-ко", *zeros), _one(stem[:-1] + _SOFTENED[stem[-1]], "+loc")]
    return [_one(stem, "N", *zeros)]


def _in_e(word: str) -> list[Reading]:
    stem, before = word[:-1], word[-2]
    if before in "жшч":
        return [_one(stem, "N-ж", *_without_ending(stem)), Reading(stem, _HARD_ADJ["n"])]
    if before == "щ":
        return [_one(stem, "N-ж", *_without_ending(stem))]
    if before in "лрц":
        return [_one(stem, "N-е", *_soft_without_ending(stem))]
    return [] if before in _VOWELS else [Reading(stem, _HARD_ADJ["n"])]


def _plural(word: str) -> list[Reading]:
    stem, last, before = word[:-1], word[-1], word[-2]
    if last == "ї":
        return [_one(stem, "P-ї")]
    if last == "и":
        return [_one(stem, "P", *_without_ending(stem))]
    found = [Reading(stem, _HARD_ADJ["p"])] if before in "нвктм" else []
    if stem.endswith(("ськ", "цьк", "зьк", "ован", "ен")):
        return found
    if before in _HUSHING:
        return [*found, _one(stem, "P-і", *_without_ending(stem))]
    return [*found, _one(stem, "P-ь", *_soft_without_ending(stem))]


def _closed() -> dict[str, list[Reading]]:
    lines = [line.split() for line in _IRREGULAR.splitlines() if line.strip()]
    return {word: [_one(*pair.split(":")) for pair in pairs] for word, *pairs in lines}


_CLOSED = _closed()


def agrees(word: str, following: str) -> bool:
    """Whether a word may be an adjective of the word after it."""
    if word.endswith(("ий", "ій", "їй")):
        return True
    if word[-1] in "ая":
        return following[-1] in "аяьч" and len(word) >= _SHORT
    if word[-1] in "еє":
        return following[-1] in "оея"
    return word[-1] in "іїи" and following[-1] in "иіїая"


def adjectives(word: str) -> list[Reading]:
    """The declension of a word that is an adjective, in the gender it is written in."""
    for end, gender, table in _ADJECTIVE_ENDINGS:
        if word.endswith(end):
            return [Reading(word[: -len(end)], table[gender])]
    return []


_ADJECTIVE_ENDINGS = (
    ("ий", "m", _HARD_ADJ),
    ("ій", "m", _SOFT_ADJ),
    ("їй", "m", _VOWEL_ADJ),
    ("а", "f", _HARD_ADJ),
    ("я", "f", _SOFT_ADJ),
    ("е", "n", _HARD_ADJ),
    ("є", "n", _SOFT_ADJ),
    ("і", "p", _HARD_ADJ),
    ("ї", "p", _VOWEL_ADJ),
)


def _nothing(_word: str, _name: bool, _person: bool) -> list[Reading]:  # noqa: FBT001 - one shape for all
    return []


def _in_je(word: str) -> list[Reading]:
    return [Reading(word[:-1], _SOFT_ADJ["n"])] if word.endswith("нє") else []


_BY_ENDING: dict[str, Callable[[str, bool, bool], list[Reading]]] = {
    **dict.fromkeys("уюґ", _nothing),
    **dict.fromkeys("иії", lambda word, _name, _person: _plural(word)),
    "ь": lambda word, _name, _person: _soft(word),
    "й": lambda word, name, person: _in_j(
        word, surname=person or (name and word.endswith(_SURNAME))
    ),
    "а": lambda word, name, _person: _in_a(word, name=name),
    "я": lambda word, _name, _person: _in_ja(word),
    "о": lambda word, name, _person: _in_o(word, name=name),
    "е": lambda word, _name, _person: _in_e(word),
    "є": lambda word, _name, _person: _in_je(word),
}
"""What each last letter but a consonant means; the flags: perhaps a name, surely a person's."""
