"""The letters, syllables and names that spelling systems for Korean, Ukrainian and Russian differ in."""

from __future__ import annotations

from monitor.rules.forms.wordlists import groups, pairs, words

SURNAMES: dict[str, tuple[str, ...]] = {
    hangul: tuple(spelled.split("/"))
    for hangul, spelled in pairs(
        """
    김:Kim/Gim 이:Lee/Yi/Rhee/Ri 리:Ri/Lee/Rhee 박:Park/Pak 최:Choi/Choe 정:Jung/Jeong/Chung/Jong
    조:Cho/Jo 강:Kang/Gang 윤:Yoon/Yun 장:Jang/Chang 임:Lim/Im/Rim 림:Rim/Lim 한:Han 오:Oh/O
    서:Seo/Suh/So 신:Shin/Sin 권:Kwon/Gwon 황:Hwang 안:Ahn/An 송:Song 류:Ryu/Yoo 유:Yoo/Yu 홍:Hong
    전:Jeon/Jun/Chun 고:Ko/Koh/Go 문:Moon/Mun 양:Yang 손:Son/Sohn 배:Bae/Pae 백:Baek/Paek/Paik
    허:Heo/Hur/Huh/Ho 남:Nam 심:Shim/Sim 노:Noh/Roh/No 로:Ro/Roh 하:Ha 곽:Kwak/Gwak 성:Sung/Seong
    차:Cha 주:Joo/Ju 우:Woo 구:Koo/Ku/Gu 나:Na/Ra 민:Min 현:Hyun/Hyon 태:Tae
    """
    ).items()
}
"""Surnames and how Koreans, in the South and in the North, spell them."""

SYLLABLES: tuple[tuple[str, ...], ...] = groups(
    """
    yeol/yul/yol yeong/young/yong hyeon/hyun/hyon seong/sung/song jeong/jung/jong eun/un
    cheol/chul/chol seok/suk/sok gyeong/kyung/kyong hun/hoon jun/joon su/soo u/woo jin/chin
    tae/thae yeon/yun/yon yong min myeong/myung/myong dong/tong jae/chae hwan hyeok/hyuk/hyok ho
    gil/kil il ja cha jong/chong seung/sung seon/sun/son seo/suh sang sam sik/shik si/shi sin/shin
    guk/kuk/kook gwang/kwang gwan/kwan gwon/kwon gyu/kyu geun/keun/kun gi/ki gu/koo/ku
    geol/gul/kol bae/pae beom/bum/pom byeong/byung/pyong bok/pok bin bong/pong chan chang chun
    chung dae/tae deok/duk/tok do/to du/doo eok/uk eon/un eul/ul ha han hae hee/hui hwa hyo i/yi
    ik in kang mi mo mun/moon na nam no o/oh ok rae/lae ran rim/lim rok ryeol/ryul ryong/yong se
    so sol song tak taek ui/eui un/woon uk/wook wan won ye yeo yeop/yup yo yu/yoo yul yun/yoon jo
    ju/joo jang/chang je jeon/jun/chon jeok ji/chi jun eom/um gang gap/kap geon/kun gon/kon jwa
    bo/po bu/pu hong hak gun/kun
    """
)
"""Syllables of given names: first as the Revised Romanisation has them, then as people spell them."""

INITIALS = [
    "g",
    "kk",
    "n",
    "d",
    "tt",
    "r",
    "m",
    "b",
    "pp",
    "s",
    "ss",
    "",
    "j",
    "jj",
    "ch",
    "k",
    "t",
    "p",
    "h",
]
VOWELS = words(
    """
    a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i
    """
)
FINALS = [
    "",
    *words(
        """
    k k k n n n t l k m l l l p l m p p t t ng t t k t p t
    """
    ),
]

GIVEN_NAMES: tuple[tuple[str, ...], ...] = groups(
    """
    Andrii/Andriy/Andrij/Andrei/Andrey Volodymyr/Vladimir Oleksandr/Aleksandr/Alexander/Olexander
    Serhii/Serhiy/Sergii/Sergiy/Sergei/Sergey Mykola/Nikolai/Nikolay Yurii/Yuriy/Yuri/Yury
    Dmytro/Dmitry/Dmitri/Dmitriy Mykhailo/Mykhaylo/Mikhail
    Oleksii/Oleksiy/Alexei/Alexey/Aleksei/Aleksey Kyrylo/Kirill Yevhen/Yevgeny/Evgeny/Yevgeniy
    Yevhenii/Yevhenij/Yevheniy/Yevgeny Olena/Elena/Yelena Valerii/Valeriy/Valery
    Vitalii/Vitaliy/Vitaly/Vitali Anatolii/Anatoliy/Anatoly Hryhorii/Hryhoriy/Grigory/Grigoriy
    Ihor/Igor Oleh/Oleg Viktor/Victor Maksym/Maxim/Maksim Denys/Denis Borys/Boris Petro/Pyotr/Petr
    Pavlo/Pavel Iryna/Irina Kateryna/Ekaterina/Yekaterina Mariia/Mariya/Maria
    Yuliia/Yuliya/Yulia/Julia Nataliia/Nataliya/Natalia Oksana/Oxana Rustem/Rustam Yermak/Ermak
    Heorhii/Georgiy/Georgii
    """
)
"""First names in their Ukrainian and Russian spellings."""

ENDINGS: dict[str, tuple[str, ...]] = {
    "skyi": ("sky", "skyy", "skiy", "skij", "ski"),
    "skyy": ("sky", "skyi", "skiy", "ski"),
    "skiy": ("sky", "skyi", "skyy", "ski"),
    "sky": ("skyi", "skyy", "skiy", "ski"),
    "tskyi": ("tsky", "tskyy", "tskiy"),
    "nyi": ("ny", "nyy", "niy"),
    "ii": ("iy", "y", "i", "ij"),
    "iy": ("ii", "y", "i", "ij"),
    "aiev": ("aev", "ayev"),
    "iev": ("ev", "yev"),
    "iov": ("ov", "yov"),
}
"""Ends of surnames in the systems that are in use."""

_COMMON = pairs(
    """
    а:a б:b в:v д:d ж:zh з:z к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:shch
    ь: ъ: ': \u2019: -:-
    """
)
_UKRAINIAN = pairs("г:h ґ:g е:e є:ie и:y і:i ї:i й:i ю:iu я:ia")
_RUSSIAN = pairs("г:g е:e ё:yo и:i й:y ы:y э:e ю:yu я:ya")

CYRILLIC: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "uk": ({"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}, _COMMON | _UKRAINIAN),
    "ru": ({"е": "ye"}, _COMMON | _RUSSIAN),
}
"""The letter at the beginning of a word where it differs there, and elsewhere."""
