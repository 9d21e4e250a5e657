"""The objectives over text against plain transformers, brute force and the papers' own examples."""

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from sklearn.decomposition import PCA
from tiny import t5_tokenizer, tiny_works, write_tiny_bert, write_tiny_gpt2, write_tiny_t5
from torch.nn import functional as F

from finetune_kit import catalog, checkpoints, corpora, objectives, vectors
from finetune_kit.config import Stage
from finetune_kit.errors import ConfigError, DataError, FinetuneKitError, ModelError, UnknownNameError
from finetune_kit.objectives import sentence_distillation
from finetune_kit.objectives.blocks import MEASURED, TokenBlocks, blocks
from finetune_kit.objectives.masked_words import MaskedWords
from finetune_kit.objectives.next_word import NextWord
from finetune_kit.objectives.sentence_distillation import SentenceDistillation
from finetune_kit.objectives.span_corruption import SpanCorruption, sentinels

WRITERS = {"bert": write_tiny_bert, "gpt2": write_tiny_gpt2, "t5": write_tiny_t5}
TEXT = {"bert": "masked-words", "gpt2": "next-word", "t5": "span-corruption"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {kind: write(root / kind) for kind, write in WRITERS.items()}


@pytest.fixture(scope="module")
def processors(folders):
    return {kind: transformers.AutoTokenizer.from_pretrained(folder) for kind, folder in folders.items()}


def opened(folders, kind):
    objective = objectives.resolve(Stage(objective=TEXT[kind]))
    model = getattr(transformers, objective.auto_class).from_pretrained(folders[kind])
    return objective, model.eval()


def material_of(folder, processor, objective, frame=None, share=0.3):
    frame = tiny_works() if frame is None else frame
    corpora.encode(frame, processor, share, objective.separator(processor), folder)
    return corpora.Material(frame, folder, processor, share, 0)


# --- which objective


def test_each_name_of_the_catalogue_is_its_class():
    made = {name: type(objectives.resolve(Stage(objective=name))) for name in TEXT.values()}
    assert made == {"masked-words": MaskedWords, "next-word": NextWord, "span-corruption": SpanCorruption}
    assert set(made) | {"sentence-distillation"} <= {record.name for record in catalog.OBJECTIVES}


@pytest.mark.parametrize("kind", TEXT)
def test_a_models_own_objective_is_the_default(folders, kind):
    assert objectives.default_for(transformers.AutoConfig.from_pretrained(folders[kind])) == TEXT[kind]


def test_a_model_without_an_objective_is_told_to_name_one():
    with pytest.raises(ConfigError, match=r"clip_vision_model by default; expected objective="):
        objectives.default_for(transformers.CLIPVisionConfig())


def test_a_misspelt_objective_or_setting_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'masked-words'\?"):
        objectives.resolve(Stage(objective="masked-word"))
    with pytest.raises(UnknownNameError, match=r"Did you mean 'masked_share'\?"):
        objectives.resolve(Stage(objective="masked-words", settings={"mask_share": 0.2}))
    with pytest.raises(ConfigError, match=r"'sentence-distillation' cannot be made.*teacher"):
        objectives.resolve(Stage(objective="sentence-distillation"))


BAD = [
    ("masked-words", {"masked_share": 1.5}),
    ("masked-words", {"masked_share": 0.0}),
    ("masked-words", {"masked_share": "much"}),
    ("masked-words", {"sequences": 0}),
    ("masked-words", {"sequences": 2.5}),
    ("span-corruption", {"noise_share": 0.9}),
    ("span-corruption", {"noise_share": 0}),
    ("span-corruption", {"mean_span": 0.5}),
    ("span-corruption", {"mean_span": "long"}),
    ("sentence-distillation", {"width": 0}),
    ("sentence-distillation", {"texts": 1}),
    ("sentence-distillation", {"question_share": 0.9}),
    ("sentence-distillation", {"question_share": -0.1}),
    ("sentence-distillation", {"words_share": 0.9}),
    ("sentence-distillation", {"weight": "much"}),
]


@pytest.mark.parametrize(("name", "settings"), BAD)
def test_a_bad_setting_is_named_with_what_was_expected(name, settings):
    teacher = {"teacher": "x/y"} if name == "sentence-distillation" else {}
    with pytest.raises(ConfigError, match=rf"{next(iter(settings))}=.*expected"):
        objectives.resolve(Stage(objective=name, settings={**teacher, **settings}))


def test_what_a_tokenizer_lacks_is_named(processors):
    assert [objectives.resolve(Stage(objective=TEXT[kind])).fits(processors[kind]) for kind in TEXT] == ["", "", ""]
    assert "mask_token" in MaskedWords().fits(processors["gpt2"])
    assert "eos_token" in NextWord().fits(processors["bert"])
    assert "<extra_id_0>" in SpanCorruption().fits(processors["bert"])


# --- blocks


def test_blocks_hold_every_token_in_order_between_their_marks():
    made = TokenBlocks(np.arange(100, 132, dtype=np.uint16), 12, before=(2,), after=(3,))
    assert len(made) == 3
    assert [made[i]["input_ids"].tolist() for i in (0, 1)] == [[2, *range(100, 110), 3], [2, *range(110, 120), 3]]
    assert made[2]["input_ids"].dtype == torch.int64
    assert TokenBlocks(np.arange(10), 5)[1]["input_ids"].tolist() == [5, 6, 7, 8, 9]


def test_a_corpus_shorter_than_a_sequence_says_how_short(tmp_path, processors):
    frame = tiny_works(works=2, paragraphs=1)
    material = material_of(tmp_path, processors["gpt2"], NextWord(), frame)
    longest = len(material.tokens("train"))
    assert len(blocks("train", longest, material)) == 1
    with pytest.raises(
        DataError, match=rf"train part .* has {longest} tokens, less than one sequence of {longest + 1}"
    ):
        blocks("train", longest + 1, material)


def test_a_bounded_part_of_the_validation_split_measures():
    material = SimpleNamespace(tokens=lambda split: np.zeros(MEASURED * 2, dtype=np.uint16))
    assert len(blocks("validation", 100, material)) == MEASURED // 100
    assert len(blocks("validation", MEASURED + 1, material)) == 1
    assert len(blocks("train", 100, material)) == MEASURED * 2 // 100


@pytest.mark.parametrize(("kind", "length"), [("bert", 1), ("bert", 2), ("gpt2", 1), ("t5", 1)])
def test_sequences_with_nothing_to_learn_are_refused(tmp_path, processors, kind, length):
    objective, processor = objectives.resolve(Stage(objective=TEXT[kind])), processors[kind]
    material = material_of(tmp_path, processor, objective)
    with pytest.raises(FinetuneKitError, match="length"):
        examples = objective.examples("train", length, material)
        objective.collator(processor)([examples[0], examples[1]])


# --- masked words


def masked(processors, share, rows=400, length=32, seed=0):
    processor = processors["bert"]
    torch.manual_seed(seed)
    ids = torch.randint(5, len(processor), (rows, length))
    ids[:, 0], ids[:, -1], ids[:, 7] = 2, 3, 0  # [CLS], [SEP] and a [PAD] in the midst
    batch = MaskedWords(share).collator(processor)([{"input_ids": row} for row in ids])
    return ids, batch["input_ids"], batch["labels"]


@pytest.mark.parametrize("share", [0.15, 0.25, 0.5])
def test_masking_statistics_are_those_of_the_paper(processors, share):
    ids, inputs, labels = masked(processors, share)
    chosen = labels != -100
    words = ids > 4
    assert not chosen[~words].any()  # no special token is ever hidden
    assert torch.equal(labels[chosen], ids[chosen]) and torch.equal(inputs[~chosen], ids[~chosen])

    def within(count, total, expected):
        return abs(count / total - expected) < 4 * (expected * (1 - expected) / total) ** 0.5

    n = int(chosen.sum())
    assert within(n, int(words.sum()), share)
    hidden, kept = int((inputs[chosen] == 4).sum()), int((inputs[chosen] == ids[chosen]).sum())
    assert within(hidden, n, 0.8)
    pieces = len(processors["bert"])  # another word is drawn from all pieces, now and then the same one or [MASK]
    assert within(kept, n, 0.1 + 0.1 / pieces)
    assert within(n - hidden - kept, n, 0.1 * (1 - 2 / pieces))


def test_each_batch_is_masked_anew_and_the_same_seed_alike(processors):
    first, same, other = (masked(processors, 0.25, seed=seed)[2] for seed in (0, 0, 1))
    assert torch.equal(first, same) and not torch.equal(first != -100, other != -100)


def test_loss_at_masked_positions_is_that_of_plain_transformers(folders, processors):
    objective, model = opened(folders, "bert")
    _, inputs, labels = masked(processors, 0.25, rows=4)
    batch = {"input_ids": inputs, "labels": labels, "attention_mask": (inputs != 0).long()}
    found, outputs = objective.loss(model, batch)
    expected = model(**batch).loss
    assert found.item() == pytest.approx(expected.item(), rel=1e-5) and outputs["loss"] is found
    wanted = torch.autograd.grad(expected, list(model.parameters()), allow_unused=True)
    got = torch.autograd.grad(found, list(model.parameters()), allow_unused=True)
    for one, other in zip(got, wanted, strict=True):
        assert (one is None) == (other is None) and (one is None or torch.allclose(one, other, atol=1e-6))


def test_loss_of_another_encoder_is_its_own(processors):
    shape = {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 32}
    model = transformers.DistilBertForMaskedLM(transformers.DistilBertConfig(vocab_size=25, **shape)).eval()
    _, inputs, labels = masked(processors, 0.25, rows=4)
    found, _ = MaskedWords().loss(model, {"input_ids": inputs, "labels": labels})
    assert torch.equal(found, model(input_ids=inputs, labels=labels).loss)


def test_a_batch_in_which_chance_hid_nothing_has_a_finite_loss(folders):
    objective, model = opened(folders, "bert")
    ids = torch.tensor([[2, 8, 9, 3]])
    found, _ = objective.loss(model, {"input_ids": ids, "labels": torch.full_like(ids, -100)})
    assert torch.isfinite(found)


def test_masked_examples_stand_between_their_marks(tmp_path, processors):
    objective = MaskedWords()
    material = material_of(tmp_path, processors["bert"], objective)
    examples = objective.examples("train", 10, material)
    ids = torch.stack([examples[i]["input_ids"] for i in range(len(examples))])
    assert (ids[:, 0] == 2).all() and (ids[:, -1] == 3).all()
    assert ids[:, 1:-1].ravel().tolist() == material.tokens("train")[: ids[:, 1:-1].numel()].tolist()


def test_so_many_sequences_are_spread_over_the_corpus(tmp_path, processors):
    material = material_of(tmp_path, processors["bert"], MaskedWords())
    whole, part, more = (MaskedWords(sequences=n).examples("train", 10, material) for n in (None, 3, 10_000))
    assert len(whole) == len(more) > 5 and len(part) == 3
    ends = [whole[at]["input_ids"].tolist() for at in (0, (len(whole) - 1) // 2, len(whole) - 1)]
    assert [part[at]["input_ids"].tolist() for at in range(3)] == ends


def test_perplexity_is_the_exponential_of_the_loss():
    assert MaskedWords().read(2.0) == {"perplexity": pytest.approx(np.exp(2.0))}
    assert np.isfinite(NextWord().read(1e6)["perplexity"])


# --- next word


def test_next_word_loss_is_the_cross_entropy_of_labels_shifted_by_one(folders, processors):
    objective, model = opened(folders, "gpt2")
    ids = torch.randint(1, len(processors["gpt2"]), (3, 12), generator=torch.Generator().manual_seed(0))
    batch = objective.collator(processors["gpt2"])([{"input_ids": row} for row in ids])
    assert torch.equal(batch["input_ids"], ids) and torch.equal(batch["labels"], ids)
    with torch.no_grad():
        found, _ = objective.loss(model, batch)
        shares = model(input_ids=ids).logits.log_softmax(-1)
    expected = -np.mean([shares[row, i, ids[row, i + 1]].item() for row in range(3) for i in range(11)])
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_end_of_text_ends_each_paragraph(tmp_path, processors):
    processor, frame = processors["gpt2"], tiny_works(works=4, paragraphs=3)
    material = material_of(tmp_path, processor, NextWord(), frame)
    tokens = material.tokens("train")
    held = corpora.validation_works(frame, 0.3)
    train = frame["text"][~frame["title"].isin(held)]
    assert (tokens == processor.eos_token_id).sum() == len(train) and tokens[-1] == processor.eos_token_id
    assert processor.decode(tokens).split("<|endoftext|>")[0].split() == train.iloc[0].split()
    first = NextWord().examples("train", 8, material)[0]["input_ids"]
    assert first.tolist() == tokens[:8].tolist()


# --- span corruption


SENTENCE = ["Thank", "you", "for", "inviting", "me", "to", "your", "party", "last", "week", "."]


def test_sentinel_layout_is_that_of_the_papers_figure_2(monkeypatch):
    processor = t5_tokenizer(words=SENTENCE)
    ids = np.array(processor.convert_tokens_to_ids(SENTENCE))
    cut = np.array([word in ("for", "inviting", "last") for word in SENTENCE])
    objective = SpanCorruption()
    monkeypatch.setattr(objective, "noise_mask", lambda length: cut)
    batch = objective.collator(processor)([{"input_ids": torch.from_numpy(ids)}])
    words = {name: " ".join(processor.convert_ids_to_tokens(batch[name][0])) for name in ("input_ids", "labels")}
    assert words["input_ids"] == "Thank you <extra_id_0> me to your party <extra_id_1> week . </s>"
    assert words["labels"] == "<extra_id_0> for inviting <extra_id_1> last <extra_id_2> </s>"
    assert batch["attention_mask"].tolist() == [[1] * 11]


def test_a_whole_target_is_the_text_as_it_was_and_the_source_stays():
    marks, end = list(range(900, 1000)), 1
    ids = np.random.default_rng(0).integers(2, 900, 40)
    torch.manual_seed(0)
    spans = SpanCorruption(0.3, 3.0).corrupt(ids, marks, end)
    torch.manual_seed(0)
    whole = SpanCorruption(0.3, 3.0, whole=True).corrupt(ids, marks, end)
    assert whole[0].tolist() == spans[0].tolist() != [*ids, end]
    assert whole[1].tolist() == [*ids, end]
    with pytest.raises(ConfigError, match="whole='yes'"):
        SpanCorruption(whole="yes")


def put_together(source, target, marks, end):
    """The sequence before it was corrupted."""
    spans, current = {}, None
    for token in target[:-1]:
        if token in marks:
            current = spans.setdefault(token, [])
        else:
            current.append(token)
    assert source[-1] == target[-1] == end
    return [t for token in source[:-1] for t in spans.get(token, [token])], spans


@pytest.mark.parametrize(("share", "mean"), [(0.15, 3.0), (0.5, 3.0), (0.15, 1), (0.75, 2.5), (0.3, 10.0)])
def test_input_and_target_together_give_back_the_sequence(share, mean):
    objective, marks, end = SpanCorruption(share, mean), list(range(900, 1000)), 1
    draw = np.random.default_rng(0)
    torch.manual_seed(0)
    for _ in range(150):
        ids = draw.integers(2, 900, draw.integers(2, 120))
        source, target = objective.corrupt(ids, marks, end)
        back, spans = put_together(source.tolist(), target.tolist(), set(marks), end)
        assert back == ids.tolist()
        assert source[0] == ids[0]  # the first token is always kept
        assert list(spans) == marks[: len(spans)] and spans[marks[len(spans) - 1]] == []
        assert all(spans[mark] for mark in list(spans)[:-1])
        assert [t for t in source if t in spans] == marks[: len(spans) - 1]
        assert not any(a in spans and b in spans for a, b in itertools.pairwise(source))  # spans never touch
        assert source.dtype == target.dtype == np.int64


@pytest.mark.parametrize(("share", "mean"), [(0.15, 3.0), (0.5, 3.0), (0.15, 1.0), (0.25, 5.0)])
def test_noise_share_and_mean_span_are_those_asked(share, mean):
    objective, length = SpanCorruption(share, mean), 200
    torch.manual_seed(0)
    masks = np.stack([objective.noise_mask(length) for _ in range(300)])
    assert masks.dtype == bool and masks.shape == (300, length) and not masks[:, 0].any()
    assert (masks.sum(1) == round(share * length)).all()
    starts = (masks[:, 1:] & ~masks[:, :-1]).sum(1)
    assert masks.sum() / starts.sum() == pytest.approx(mean, rel=0.05)
    lengths = np.concatenate([np.diff(np.flatnonzero(np.diff(np.r_[0, m, 0])))[::2] for m in masks.astype(int)])
    assert lengths.min() == 1 and (mean == 1 or lengths.std() > 0.5)
    assert masks[:, 1:-1].mean(0).std() < 4 * (share * (1 - share) / 300) ** 0.5  # no place is preferred


def test_span_lengths_are_drawn_evenly():
    # 3 cut tokens in 2 spans, 3 kept before them: 1 + 2 and 2 + 1, each with 1 + 2 and 2 + 1.
    objective = SpanCorruption(0.5, 1.5)
    torch.manual_seed(0)
    found = [tuple(objective.noise_mask(6).astype(int)) for _ in range(2000)]
    assert set(found) == {(0, 1, 0, 0, 1, 1), (0, 1, 1, 0, 0, 1), (0, 0, 1, 0, 1, 1), (0, 0, 1, 1, 0, 1)}
    assert all(abs(found.count(one) - 500) < 4 * (2000 * 0.25 * 0.75) ** 0.5 for one in set(found))


def test_every_batch_is_corrupted_anew_and_the_same_seed_alike(processors):
    collate = SpanCorruption().collator(processors["t5"])
    examples = [{"input_ids": torch.arange(3, 23).repeat(2)}] * 4

    def drawn(seed):
        torch.manual_seed(seed)
        return collate(examples)["labels"]

    assert torch.equal(drawn(0), drawn(0)) and not torch.equal(drawn(0), drawn(1))
    assert not torch.equal(drawn(0)[0], drawn(0)[1])


def test_span_corruption_loss_is_that_of_plain_transformers(folders, processors):
    objective, model = opened(folders, "t5")
    torch.manual_seed(0)
    batch = objective.collator(processors["t5"])([{"input_ids": torch.randint(3, 23, (40,))} for _ in range(3)])
    with torch.no_grad():
        found, _ = objective.loss(model, batch)
        start = torch.full((3, 1), model.config.decoder_start_token_id)
        shifted = torch.cat([start, batch["labels"][:, :-1]], dim=1)
        logits = model(input_ids=batch["input_ids"], decoder_input_ids=shifted).logits
    expected = F.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten())
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_sentinels_are_counted_as_far_as_the_tokenizer_has_them(processors):
    first = processors["t5"].convert_tokens_to_ids("<extra_id_0>")
    assert sentinels(processors["t5"]) == list(range(first, first + 20))
    assert sentinels(processors["bert"]) == []


@pytest.mark.parametrize("spans", [20, 40])
def test_more_spans_than_sentinels_is_a_clear_error(processors, spans):
    objective = SpanCorruption(0.5, 1.0)  # half of the tokens in spans of one
    with pytest.raises(FinetuneKitError, match="sentinel"):
        objective.collator(processors["t5"])([{"input_ids": torch.full((2 * spans,), 3)}])


# --- sentence distillation


SENTENCES = [
    "The film was good and we liked it.", "Was the meal very bad?", "They said it was so, but not the hotel.",
    "Is the book fine?", "We liked the hotel and the film.", "The book was poor but the film was good.",
]  # fmt: skip


def taught_frame(works=6):
    draw = np.random.default_rng(0)
    nouns = ["film", "meal", "book", "hotel", "the", "very"]
    rows = [
        {"title": f"work {w}", "text": " ".join(draw.permutation([*SENTENCES, f"We {a} the {b} was {c} so."]))}
        for w in range(works)
        for a in nouns
        for b, c in [draw.choice(nouns, 2)]
    ]
    import pandas as pd

    return pd.DataFrame(rows)


@pytest.fixture
def lesson(tmp_path, folders, processors):
    """A student of width 16 and a wider teacher on disk: the objective and its material."""
    torch.manual_seed(5)
    shape = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 128}
    config = transformers.BertConfig(vocab_size=len(processors["bert"]), hidden_size=24, **shape)
    teacher = tmp_path / "teacher"
    transformers.BertModel(config).save_pretrained(teacher)
    processors["bert"].save_pretrained(teacher)
    objective = SentenceDistillation(str(teacher), width=16, texts=40, question_share=0.2)
    (tmp_path / "work").mkdir()
    return objective, material_of(tmp_path / "work", processors["bert"], objective, taught_frame()), teacher


def said_by(teacher, processor, texts):
    """The mean of the teacher's hidden states, text by text, so that no padding is near."""
    model = transformers.AutoModel.from_pretrained(teacher).eval()
    with torch.no_grad():
        return np.stack(
            [model(**processor(t, return_tensors="pt")).last_hidden_state[0].mean(0).numpy() for t in texts]
        )


def chosen_texts(material, split):
    """What the teacher was asked, as it lies in the material's folder."""
    (file,) = material.folder.glob(f"taught-{split}-*.json")
    return json.loads(file.read_text(encoding="utf-8"))


def test_targets_are_the_teachers_mean_vectors_reduced_by_principal_components(lesson):
    objective, material, teacher = lesson
    for split in ("train", "validation"):
        examples = objective.examples(split, 32, material)
        texts = chosen_texts(material, split)
        assert 10 < len(texts) == len(examples) <= 40
        vectors = said_by(teacher, material.processor, texts)
        if split == "train":
            parts = PCA(16).fit(vectors).components_.T
        expected = vectors @ parts
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        targets = np.stack([examples[i]["target"] for i in range(len(examples))])
        assert targets.dtype == np.float32
        # Components are known up to their sign, vectors on disk to half precision.
        np.testing.assert_allclose(np.abs(targets), np.abs(expected), atol=0.02)
        np.testing.assert_allclose(targets @ targets.T, expected @ expected.T, atol=5e-3)
        assert list(examples[0]["input_ids"]) == material.processor(texts[0], truncation=True, max_length=32).input_ids


def test_texts_are_distinct_pieces_of_their_split_with_the_share_of_questions_asked(lesson):
    objective, material, _ = lesson
    objective.examples("train", 32, material)
    texts = chosen_texts(material, "train")
    assert len(set(texts)) == len(texts)
    whole = " ".join(text for _, text in material.passages("train"))
    assert all(text in whole for text in texts)
    questions = {t for t in texts if t.endswith("?") and t.count(" ") < 8}
    assert questions == {t for t in SENTENCES if t.endswith("?")}


def test_long_works_do_not_drown_short_ones(lesson):
    """Of a work of 400 sentences and of two of 20 equally many are taught, and of the short ones all if need be."""
    works = {"long": 400, "short": 20, "brief": 20}
    rows = [{"title": w, "text": f"We liked {w} film number {n} so."} for w, many in works.items() for n in range(many)]
    _, _, teacher = lesson
    material = SimpleNamespace(passages=lambda _: ((r["title"], r["text"]) for r in rows), seed=0)
    for texts, expected in ((30, (10, 10, 10)), (100, (60, 20, 20))):
        objective = SentenceDistillation(str(teacher), width=16, texts=texts, question_share=0.0)
        chosen = objective._choose("train", texts, material)
        assert tuple(sum(f"liked {w} film" in text for text in chosen) for w in works) == expected
        assert len(set(chosen)) == texts


def modernbert(processor, pooling):
    """Two layers of width 16, without dropout."""
    torch.manual_seed(3)
    shape = {
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "layer_types": ["full_attention", "sliding_attention"],
    }
    marks = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
    config = transformers.ModernBertConfig(
        vocab_size=len(processor), hidden_size=16, classifier_pooling=pooling, num_labels=3, **shape, **marks
    )
    return transformers.ModernBertForMaskedLM(config).eval()


def taught_batch(objective, processor):
    texts = processor(["the film was good", "a very bad meal was it"])["input_ids"]
    targets = np.random.default_rng(0).normal(size=(2, 16)).astype(np.float32)
    torch.manual_seed(1)
    batch = objective.collator(processor)(
        [{"input_ids": ids, "target": target} for ids, target in zip(texts, targets, strict=True)]
    )
    batch["labels"][0, 2] = texts[0][2]  # at least one word is hidden
    return batch


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_distillation_loss_is_masked_words_and_the_weighted_cosine_distance(folders, processors, kind):
    model = opened(folders, "bert")[1] if kind == "bert" else modernbert(processors["bert"], "mean")
    objective = SentenceDistillation("unused", width=16, weight=3.0)
    objective.equip(model)
    batch = taught_batch(objective, processors["bert"])
    assert batch["input_ids"].shape == (2, 8) and batch["attention_mask"].sum(1).tolist() == [6, 8]
    with torch.no_grad():
        found, _ = objective.loss(model, batch)
        plain = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    words = F.cross_entropy(plain.logits.flatten(0, 1), batch["labels"].flatten())
    # The sentence vector is what transformers' own classifier reads: taken at the door of its last layer.
    classifier = transformers.AutoModelForSequenceClassification.from_config(model.config).eval()
    unread = classifier.load_state_dict(model.state_dict(), strict=False).missing_keys
    assert set(unread) == {"classifier.weight", "classifier.bias"}
    seen = []
    classifier.classifier.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        classifier(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    unit = seen[0].numpy() / np.linalg.norm(seen[0].numpy(), axis=1, keepdims=True)
    targets = batch["targets"].numpy() / np.linalg.norm(batch["targets"].numpy(), axis=1, keepdims=True)
    assert found.item() == pytest.approx(words.item() + 3.0 * (1 - (unit * targets).sum(1)).mean(), rel=1e-5)
    assert objective.read(2.0) == {}


@pytest.mark.parametrize("kind", ["gpt2", "cls"])
def test_a_model_whose_classifier_reads_nothing_that_can_be_taught_is_refused(folders, processors, kind):
    model = opened(folders, "gpt2")[1] if kind == "gpt2" else modernbert(processors["bert"], "cls")
    with pytest.raises(ModelError, match="expected a bert, or a modernbert of the shape classifier_pooling: mean"):
        SentenceDistillation("unused", width=16).equip(model)


def test_a_bert_gets_a_pooler_or_goes_on_with_that_of_its_checkpoint(folders, tmp_path):
    objective = SentenceDistillation("unused", width=16)
    model = opened(folders, "bert")[1]
    assert model.bert.pooler is None
    objective.equip(model)
    assert 0.01 < model.bert.pooler.dense.weight.std() < 0.03 and not model.bert.pooler.dense.bias.any()
    model.save_pretrained(tmp_path)
    again = checkpoints.load_weights(str(tmp_path), "AutoModelForMaskedLM")
    objective.equip(again)
    assert torch.equal(again.bert.pooler.dense.weight, model.bert.pooler.dense.weight)
    assert checkpoints.load_weights(str(folders["bert"]), "AutoModelForMaskedLM").bert.pooler is None
    longer = checkpoints.lengthened(again, 2 * checkpoints.longest(again.config), "AutoModelForMaskedLM")
    assert torch.equal(longer.bert.pooler.dense.weight, model.bert.pooler.dense.weight)


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_masked_words_alone_are_scored_as_transformers_scores_all(folders, processors, kind):
    model = opened(folders, "bert")[1] if kind == "bert" else modernbert(processors["bert"], "cls")
    batch = taught_batch(SentenceDistillation("unused", width=16), processors["bert"])
    batch.pop("targets")
    with torch.no_grad():
        found, outputs = MaskedWords().loss(model, batch)
        plain = model(**batch)
    assert found.item() == pytest.approx(plain.loss.item(), rel=1e-5)
    masked = batch["labels"] != -100
    assert torch.equal(outputs["hits"][masked] == 1, (plain.logits.argmax(-1) == batch["labels"])[masked])


def test_a_share_of_the_texts_is_a_few_words_of_the_teachers_vocabulary(lesson):
    _, material, teacher = lesson
    wider, model = (kind.from_pretrained(teacher) for kind in (transformers.AutoTokenizer, transformers.AutoModel))
    wider.add_tokens([f"modern{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"])
    model.resize_token_embeddings(len(wider))
    for part in (wider, model):
        part.save_pretrained(teacher)
    objective = SentenceDistillation(str(teacher), width=16, texts=40, question_share=0.2, words_share=0.25)
    objective.examples("train", 32, material)
    texts = chosen_texts(material, "train")
    whole = " ".join(text for _, text in material.passages("train"))
    salads = [text for text in texts if text not in whole]
    assert 8 <= len(salads) <= 10  # of ten, one may stand in the corpus by chance
    known = set(wider.get_vocab())
    assert any("modern" in text for text in salads)
    assert all(2 <= len(t.split()) <= 12 and set(t.split()) <= known for t in salads)


def test_what_the_teacher_said_is_kept_and_gone_on_with(lesson, monkeypatch):
    objective, material, _ = lesson
    asked, embed = [], vectors.of_texts
    monkeypatch.setattr(sentence_distillation, "SAVE_EVERY", 8)

    def counted(texts, *rest):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(len(texts))
        return embed(texts, *rest)

    monkeypatch.setattr(vectors, "of_texts", counted)
    with pytest.raises(KeyboardInterrupt):
        objective.examples("train", 32, material)
    assert asked == [8, 8] and np.load(next(material.folder.glob("taught-train-*.npy"))).shape == (16, 24)
    texts = chosen_texts(material, "train")
    again = []
    monkeypatch.setattr(vectors, "of_texts", lambda t, *rest: again.extend(t) or embed(t, *rest))
    made = objective.examples("train", 32, material)
    assert again == texts[16:] and len(made) == len(texts)
    again.clear()
    objective.examples("train", 32, material)
    assert again == []


def test_another_stage_with_more_texts_gets_them(lesson):
    objective, material, teacher = lesson
    fewer = SentenceDistillation(str(teacher), width=16, texts=17, question_share=0.2)
    found = [len(each.examples("train", 32, material)) for each in (fewer, objective, fewer)]
    assert found[0] == found[2] < found[1]


def test_a_width_that_the_teacher_or_the_corpus_cannot_give_is_refused(lesson, tmp_path):
    _, material, teacher = lesson
    with pytest.raises(ConfigError, match="width=25: expected at most 24"):
        SentenceDistillation(str(teacher), width=25, texts=40).examples("train", 32, material)
    (tmp_path / "few").mkdir()
    few = SentenceDistillation(str(teacher), width=16, texts=5, question_share=0.0)
    scarce = material_of(tmp_path / "few", material.processor, few, taught_frame())
    with pytest.raises(FinetuneKitError, match="16"):  # five texts span four components
        few.examples("train", 32, scarce)


def test_a_corpus_without_sentences_has_nothing_to_teach(tmp_path, processors, lesson):
    objective, _, _ = lesson
    import pandas as pd

    frame = pd.DataFrame({"title": list("abcd"), "text": ["good film"] * 4})
    (tmp_path / "short").mkdir()
    with pytest.raises(DataError, match="no sentence of 4 to 70 words"):
        objective.examples("train", 32, material_of(tmp_path / "short", processors["bert"], objective, frame))
