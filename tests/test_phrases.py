"""The phrases grammar and its data set: French agreement against cases written by hand, and splits that keep apart."""

import re
from collections import Counter
from itertools import combinations

import pyarrow.parquet as pq
import pytest
import yaml

from finetune_kit import catalog
from finetune_kit.errors import ConfigError, DataError, FinetuneKitError, StorageError
from finetune_kit.synthetic import phrases
from finetune_kit.synthetic.phrases import english, french
from finetune_kit.synthetic.phrases.corpus import DISTINCT, PATTERNS
from finetune_kit.synthetic.phrases.grammar import Subject, enumerate_pattern
from finetune_kit.synthetic.phrases.lexicon import lexicon
from finetune_kit.synthetic.phrases.nounphrase import noun_phrase
from finetune_kit.synthetic.phrases.splits import make_splits

FOLDER = catalog.data_folder() / "datasets" / "phrases"
ROWS = {"train": 5000, "validation": 500, "test": 600}


def read(name):
    return pq.read_table(FOLDER / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="module")
def rows():
    return {split: read(split) for split in ROWS}


@pytest.fixture(scope="module")
def made():
    return make_splits()


def words(text):
    return re.findall(r"[\w-]+'?", text.lower())


# --- the grammar against cases written by hand -------------------------------------------------------------------


def phrase(lemma, article, plural=False, adjective=None, owner=0):
    noun = next(n for n in lexicon().nouns if n.lemma == lemma)
    fitting = [a for a in lexicon().adjectives if a.english == adjective and noun.lemma in a.said_of]
    made = noun_phrase(noun, article, plural, fitting[0] if fitting else None, owner)
    return made.english, french.sentence(made.french.lower()).lower()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("tree", "the"), ("the tree", "l'arbre")),
        (("tree", "this"), ("this tree", "cet arbre")),
        (("owl", "the"), ("the owl", "le hibou")),
        (("owl", "this"), ("this owl", "ce hibou")),
        (("owl", "the", True), ("the owls", "les hiboux")),
        (("clock", "this"), ("this clock", "cette horloge")),
        (("axe", "the"), ("the axe", "la hache")),
        (("scarf", "my"), ("my scarf", "mon écharpe")),
        (("scarf", "my", False, "old"), ("my old scarf", "ma vieille écharpe")),
        (("axe", "my"), ("my axe", "ma hache")),
        (("clock", "my", False, None, 1), ("your clock", "ton horloge")),
        (("wife", "my", False, None, 2), ("his wife", "sa femme")),
        (("friend", "my", True, None, 5), ("their friends", "leurs amis")),
        (("bird", "a", False, "beautiful"), ("a beautiful bird", "un bel oiseau")),
        (("bird", "all", True, "beautiful"), ("beautiful birds", "les beaux oiseaux")),
        (("flat", "the", False, "old"), ("the old flat", "le vieil appartement")),
        (("computer", "a", False, "new"), ("a new computer", "un nouvel ordinateur")),
        (("house", "a", False, "beautiful"), ("a beautiful house", "une belle maison")),
        (("present", "a", True, "original"), ("some original presents", "des cadeaux originaux")),
        (("flower", "a", True, "beautiful"), ("some beautiful flowers", "de belles fleurs")),
        (("story", "all", True, "long"), ("long stories", "les longues histoires")),
        (("newspaper", "the", True), ("the newspapers", "les journaux")),
        (("horse", "this", True), ("these horses", "ces chevaux")),
        (("knife", "the", True), ("the knives", "les couteaux")),
        (("mouse", "the", True), ("the mice", "les souris")),
        (("shoes", "a", False, "brown"), ("some brown shoes", "des chaussures marron")),
        (("trousers", "this"), ("these trousers", "ce pantalon")),
        (("jacket", "the", False, "light"), ("the light jacket", "la veste légère")),
        (("water", "a"), ("some water", "de l'eau")),
        (("bread", "a"), ("some bread", "du pain")),
        (("jam", "a"), ("some jam", "de la confiture")),
        (("bread", "neg"), ("any bread", "de pain")),
        (("water", "neg"), ("any water", "d'eau")),
        (("green_bean", "neg", True), ("any green beans", "de haricots verts")),
        (("apple", "neg", True), ("any apples", "de pommes")),
        (("umbrella", "a"), ("an umbrella", "un parapluie")),
        (("uniform", "a"), ("a uniform", "un uniforme")),
        (("homework", "my"), ("my homework", "mes devoirs")),
        (("luggage", "the"), ("the luggage", "les bagages")),
        (("hair", "my", False, None, 6), ("her hair", "ses cheveux")),
    ],
)
def test_noun_phrases(arguments, expected):
    assert phrase(*arguments) == expected


SOPHIE = Subject("Sophie", "Sophie", 2, feminine=True)
GIRLS = Subject("the girls", "les filles", 5, feminine=True)
ME, YOU, HE, WE, THEY = (
    Subject(*who) for who in (("I", "je", 0), ("you", "tu", 1), ("he", "il", 2), ("we", "nous", 3), ("they", "ils", 5))
)
MADAM = Subject("you", "vous", 4, feminine=True, call=("Madam", "Madame"))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (ME.say("aimer", "present", "le orange"), "J'aime l'orange"),
        (ME.say("aimer", "present", "le *haricot", "not"), "Je n'aime pas le haricot"),
        (SOPHIE.say("aller", "past", "à le marché"), "Sophie est allée au marché"),
        (GIRLS.say("revenir", "past", "de le hôpital"), "Les filles sont revenues de l'hôpital"),
        (GIRLS.say("se lever", "past", "tôt", "not"), "Les filles ne se sont pas levées tôt"),
        (THEY.say("parler", "past", "de les vacances"), "Ils ont parlé des vacances"),
        (WE.say("manger", "present"), "Nous mangeons"),
        (WE.say("manger", "imperfect"), "Nous mangions"),
        (HE.say("manger", "imperfect"), "Il mangeait"),
        (THEY.say("acheter", "future", "du pain"), "Ils achèteront du pain"),
        (YOU.say("envoyer", "future", "la lettre"), "Tu enverras la lettre"),
        (ME.say("voir", "past", clitic="_la", object_agrees=(True, False)), "Je l'ai vue"),
        (SOPHIE.say("mettre", "past", clitic="_les", object_agrees=(True, True)), "Sophie les a mises"),
        (HE.say("voir", "past", "", "never", "_le"), "Il ne l'a jamais vu"),
        (YOU.say("boire", "present", "de café", "no longer"), "Tu ne bois plus de café"),
        (ME.say("finir", "past", "le livre", "not yet"), "Je n'ai pas encore fini le livre"),
        (THEY.say("s'occuper de", "past", "de le chien", "already"), "Ils se sont déjà occupés du chien"),
        (french.inverted("il", 2, "aller", "present"), "Va-t-il"),
        (french.inverted("elle", 2, "finir", "present"), "Finit-elle"),
        (MADAM.request("perdre", "past", "vos clés"), "Avez-vous perdu vos clés"),
        (MADAM.request("se lever", "past", "tôt"), "Vous êtes-vous levée tôt"),
        (HE.request("avoir", "present", "faim"), "Est-ce qu'il a faim"),
        (french.imperative("manger", 1), "Mange"),
        (french.imperative("finir", 1), "Finis"),
        (french.imperative("se dépêcher", 1), "Dépêche-toi"),
        (french.imperative("s'habiller", 4, negative=True), "Ne vous habillez pas"),
        (f"j'ai envie {french.join('de', french.infinitive('voir', 0, clitic='_le'))}", "J'ai envie de le voir"),
        ("si il pleut", "S'il pleut"),
        ("si elle vient", "Si elle vient"),
        ("à *onze heures", "À onze heures"),
        ("le *onze mai", "Le onze mai"),
        ("le livre de le professeur", "Le livre du professeur"),
        ("le livre que Éric lit", "Le livre qu'Éric lit"),
    ],
)
def test_french_clauses(raw, expected):
    assert french.sentence(raw) == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (HE.tell("watch", "present", "a film"), "he watches a film"),
        (HE.tell("carry", "present", "a bag"), "he carries a bag"),
        (SOPHIE.tell("buy", "past", "bread", "not"), "Sophie didn't buy bread"),
        (ME.tell("be", "present", "late", "not"), "I am not late"),
        (THEY.tell("look for", "progressive", "their keys"), "they are looking for their keys"),
        (WE.tell("drink", "perfect", "the tea", "already"), "we have already drunk the tea"),
        (HE.ask("take", "past", "the bus"), "did he take the bus"),
        (GIRLS.ask("be", "present", "ready"), "are the girls ready"),
        (SOPHIE.tell("swim", "present", "well", "never"), "Sophie never swims well"),
        (HE.tell("throw away", "past", "the box"), "he threw away the box"),
        (WE.tell("sell", "will", "the car", "not"), "we won't sell the car"),
        (english.article("hour"), "an"),
        (english.article("university"), "a"),
    ],
)
def test_english_clauses(made, expected):
    assert made == expected


WHOLE = {
    "most": [
        ("It is the most beautiful house in the village.", "C'est la plus belle maison du village."),
        ("It is the most modern house in the town.", "C'est la maison la plus moderne de la ville."),
    ],
    "what_a": [
        ("What an old flat!", "Quel vieil appartement !"),
        ("What pretty flowers!", "Quelles jolies fleurs !"),
    ],
    "state": [
        ("I am hungry.", "J'ai faim."),
        ("My sisters are never lucky.", "Mes sœurs n'ont jamais de chance."),
    ],
    "afraid": [
        ("Alice is afraid of owls.", "Alice a peur des hiboux."),
        ("He is no longer afraid of the dark.", "Il n'a plus peur du noir."),
    ],
    "ache": [
        ("Marie's feet hurt.", "Marie a mal aux pieds."),
        ("My shoulder doesn't hurt.", "Je n'ai pas mal à l'épaule."),
        ("His hip hurts today.", "Il a mal à la hanche aujourd'hui."),
    ],
    "time_is": [
        ("It is half past one.", "Il est une heure et demie."),
        ("It is already a quarter to eleven.", "Il est déjà onze heures moins le quart."),
    ],
    "near_here": [("There isn't a hotel near here.", "Il n'y a pas d'hôtel près d'ici.")],
    "introduces": [
        ("This is her friend Alice.", "Voici son amie Alice."),
        ("Do you know our aunt Marie?", "Est-ce que tu connais notre tante Marie ?"),
    ],
    "profession": [("My sisters are lawyers.", "Mes sœurs sont avocates.")],
    "comes_from": [
        ("We come from the United States.", "Nous venons des États-Unis."),
        ("She doesn't come from Hungary.", "Elle ne vient pas de Hongrie."),
        ("Éric comes from Italy.", "Éric vient d'Italie."),
    ],
    "lives": [
        ("I live in Japan.", "J'habite au Japon."),
        ("They no longer live in the Netherlands.", "Ils n'habitent plus aux Pays-Bas."),
    ],
    "washes": [("Alice and Sophie brushed their teeth yesterday.", "Alice et Sophie se sont brossé les dents hier.")],
    "greeting": [("Good morning, Madam. How are you?", "Bonjour, Madame. Comment allez-vous ?")],
    "any_left": [
        ("There is no milk left in the fridge.", "Il n'y a plus de lait dans le frigo."),
        ("Is there any oil in the kitchen?", "Est-ce qu'il y a de l'huile dans la cuisine ?"),
    ],
    "whose": [
        ("This umbrella is mine.", "Ce parapluie est à moi."),
        ("Whose keys are these?", "À qui sont ces clés ?"),
    ],
}


@pytest.mark.parametrize("pattern", WHOLE)
def test_whole_sentences(pattern):
    translations = {s.english: s.french for s in enumerate_pattern(pattern)}
    assert {en: translations.get(en) for en, _ in WHOLE[pattern]} == dict(WHOLE[pattern])


@pytest.mark.parametrize("pattern", sorted(WHOLE))
def test_an_english_sentence_has_one_translation(pattern):
    translations = {}
    for s in enumerate_pattern(pattern):
        assert translations.setdefault(s.english, s.french) == s.french


# --- drawing ------------------------------------------------------------------------------------------------------


def test_sentences_are_distinct_and_repeatable():
    first = phrases.sentences(2000, seed=5)
    assert len(first) == len({en for en, _ in first}) == 2000
    assert phrases.sentences(2000, seed=5) == first
    assert phrases.sentences(500, seed=5) == first[:500]
    assert len({*phrases.sentences(500, seed=6)} & {*first}) < 200


def test_the_patterns_take_turns():
    assert len(PATTERNS) >= 40
    assert len({fr for _, fr in phrases.sentences(len(PATTERNS), seed=1)}) == len(PATTERNS)


@pytest.mark.parametrize("count", [0, -3, True, 2.5, DISTINCT + 1])
def test_too_many_or_none_is_an_error(count):
    with pytest.raises(ConfigError, match=f"{DISTINCT:,}"):
        phrases.sentences(count, seed=0)


def test_a_small_pattern_gives_all_its_sentences():
    from finetune_kit.synthetic.phrases.corpus import _Source

    source, seen = _Source("time_is", 0), set()
    while sentence := source.next(seen):
        seen.add(sentence.english)
    assert seen == {s.english for s in enumerate_pattern("time_is")}
    assert len(seen) == 2 * 11 * 11


def test_errors(tmp_path):
    with pytest.raises(DataError, match="no noun is of that class"):
        lexicon().select("food unicorns")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError, match="Choose another folder"):
        phrases.build(blocked)
    assert issubclass(ConfigError, FinetuneKitError)


# --- the embedded data set ----------------------------------------------------------------------------------------


def test_sizes_and_columns(rows):
    assert {split: len(listed) for split, listed in rows.items()} == ROWS
    assert all(set(row) == {"en", "fr", "pattern"} for listed in rows.values() for row in listed)
    assert len({row["pattern"] for row in rows["train"]}) == len(PATTERNS)
    assert len({row["pattern"] for row in rows["test"]}) >= 100


def test_the_card_says_so():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for fact in ("CC0-1.0", "5,000", "500", "600", "200", f"{len(PATTERNS)} patterns", f"{DISTINCT:,}"):
        assert fact in card


def test_the_files_are_what_build_writes(rows, made):
    for split, listed in rows.items():
        assert listed == [{"en": s.english, "fr": s.french, "pattern": s.pattern} for s in made[split]]


def test_no_sentence_stands_twice(rows):
    listed = [row["en"].lower() for part in rows.values() for row in part]
    assert len(set(listed)) == len(listed)
    for one, other in combinations(ROWS, 2):
        assert not {row["fr"] for row in rows[one]} & {row["fr"] for row in rows[other]}


def test_no_sentence_of_another_split_is_a_word_away(rows):
    def shapes(text):
        listed = words(text)
        return {" ".join(listed)} | {" ".join(listed[:i] + listed[i + 1 :]) for i in range(len(listed))}

    near = {split: {shape for row in listed for shape in shapes(row["en"])} for split, listed in rows.items()}
    for one, other in combinations(ROWS, 2):
        assert not near[one] & near[other]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_each_word_was_seen_and_some_combination_was_not(rows, made, split):
    for column in ("en", "fr"):
        known = {word for row in rows["train"] for word in words(row[column])}
        assert known.issuperset(word for row in rows[split] for word in words(row[column]))
    shown = {c for s in made["train"] for c in s.combinations}
    assert all(s.combinations - shown for s in made[split])


def test_the_words_of_a_test_sentence_never_all_met(rows):
    together = {pair for row in rows["train"] for pair in combinations(sorted(set(words(row["en"]))), 2)}
    unseen = [any(p not in together for p in combinations(sorted(set(words(row["en"]))), 2)) for row in rows["test"]]
    assert all(unseen)


def test_the_handwritten_pairs_are_not_the_grammars(rows):
    listed = read("handwritten")
    assert len(listed) == len({row["en"] for row in listed}) == len({row["fr"] for row in listed}) == 200
    assert all(set(row) == {"en", "fr"} for row in listed)
    assert not {row["en"] for row in listed} & {row["en"] for part in rows.values() for row in part}
    known = {word for row in rows["train"] for word in words(row["en"])}
    tokens = [word for row in listed for word in words(row["en"])]
    assert sum(word in known for word in tokens) / len(tokens) > 0.8


# --- an independent reading of the French -------------------------------------------------------------------------

DETERMINERS = {
    "le": "ms", "un": "ms", "ce": "ms", "cet": "ms", "du": "ms", "au": "ms", "la": "fs", "une": "fs", "cette": "fs",
    "ma": "fs", "ta": "fs", "sa": "fs", "les": "p", "des": "p", "ces": "p", "mes": "p", "tes": "p", "ses": "p",
    "nos": "p", "vos": "p", "aux": "p", "leurs": "p", "notre": "s", "votre": "s", "leur": "s", "mon": "s", "ton": "s",
    "son": "s",
}  # fmt: skip
OTHER_ASPIRATED = ("huit", "onze", "hongrie", "hockey", "handball", "harpe")
SOUNDS = "aeiouâàéèêëîïôùûœh"


def raw_lexicon():
    file = yaml.safe_load((FOLDER / "lexicon.yaml").read_text(encoding="utf-8"))
    nouns, adjectives, aspirated = {}, {}, set()
    for rows in file["nouns"].values():
        for _, text, gender, *_ in rows:
            singular, _, plural = text.partition("/")
            plural = plural or (
                singular if singular[-1] in "sx" else singular + ("x" if singular[-2:] == "au" else "s")
            )
            for form, number in ((singular, "s"), (plural, "p")):
                head = form.split()[0]
                if head.startswith("*"):
                    aspirated.add(head[1:])
                if head != "-":
                    nouns.setdefault(head.lstrip("*"), set()).add(gender + number)
    for _, text, *_, options in file["adjectives"]:
        masculine, feminine, *vowel = text.split("/")
        plural = masculine if masculine[-1] in "sx" else masculine[:-2] + "aux" if masculine[-2:] == "al" else None
        plural = plural or masculine + ("x" if masculine.endswith("eau") else "s")
        forms = [
            (masculine, "ms"),
            (feminine, "fs"),
            (plural, "mp"),
            (feminine + "s", "fp"),
            *[(v, "ms") for v in vowel],
        ]
        if "inv" in options:
            forms = [(masculine, kind) for kind in ("ms", "fs", "mp", "fp")]
        for form, kind in forms:
            adjectives.setdefault(form, set()).add(kind)
    return nouns, adjectives, aspirated


def disagreements(sentence, nouns, adjectives, aspirated):
    """Determiners and adjectives of the sentence that do not agree with the noun beside them; wrong elisions."""
    listed = words(sentence)
    for i, word in enumerate(listed):
        following = listed[i + 1] if i + 1 < len(listed) else ""
        starts = bool(following) and following[0] in SOUNDS and following not in {*aspirated, *OTHER_ASPIRATED}
        if word in ("le", "la", "de", "je", "ne", "que", "ce", "du", "au", "ma", "ta", "sa") and starts:
            yield f"{word} {following}"
        if word in ("l'", "d'", "qu'", "n'", "j'", "cet") and not starts and following not in ("y", "hibou"):
            yield f"{word} {following}"
        if word not in DETERMINERS:
            continue
        chain = listed[i + 1 : i + 4]
        early = chain[0] if len(chain) > 1 and chain[0] in adjectives and chain[1] in nouns else None
        noun = chain[1] if early else chain[0] if chain else ""
        if noun not in nouns:
            continue
        late = chain[2 if early else 1 :][:1]
        kinds = {k for k in nouns[noun] if all(letter in k for letter in DETERMINERS[word])}
        for adjective in [early] if early else [a for a in late if a in adjectives and a not in nouns]:
            kinds &= adjectives[adjective]
        if not kinds:
            yield " ".join(listed[i : i + 4])
        if word in ("mon", "ton", "son") and kinds == {"fs"} and not starts:
            yield f"{word} {following}"


def test_each_noun_phrase_of_the_data_agrees(rows):
    lists = raw_lexicon()
    wrong = {
        row["fr"]: found
        for part in [*rows.values(), read("handwritten")]
        for row in part
        if (found := list(disagreements(row["fr"], *lists)))
    }
    assert not wrong


def test_the_checker_sees_what_is_wrong():
    lists = raw_lexicon()
    for wrong in (
        "Le pomme est là.", "Ma écharpe.", "Ce arbre.", "Un beaux oiseau.", "La voiture vert.", "Mon voiture.",
        "Les pommes mûr.", "Je aime.", "Du eau.", "L'hache.", "Beaucoup d'haricots.",
    ):  # fmt: skip
        assert list(disagreements(wrong, *lists)), wrong


def test_french_marks_and_spacing(rows):
    for part in [*rows.values(), read("handwritten")]:
        for row in part:
            assert not re.search(r"[*_]|  |\w[?!]", row["fr"]), row["fr"]
            assert not re.search(r"[*_]|  | [?!.,]", row["en"]), row["en"]
            assert row["en"][-1] == row["fr"][-1] or row["fr"][-1] == "?", row
            assert row["fr"][0].isupper() and row["en"][0].isupper()


def test_words_are_plentiful(rows):
    counts = Counter(word for row in rows["train"] for word in words(row["en"]))
    assert len(counts) > 900
