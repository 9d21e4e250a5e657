"""What a teacher says, against its own hidden states read one text at a time."""

import numpy as np
import pytest
import torch
import transformers
from tiny import write_tiny_bert

from finetune_kit.teaching import Teacher


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_bert(tmp_path_factory.mktemp("teacher"))


def said_by(folder, text):
    model, processor = (
        transformers.AutoModel.from_pretrained(folder),
        transformers.AutoTokenizer.from_pretrained(folder),
    )
    with torch.no_grad():
        return model.eval()(**processor(text, return_tensors="pt")).last_hidden_state[0].mean(0).numpy()


def test_a_text_is_the_mean_of_its_hidden_states_whatever_stands_beside_it(folder):
    texts = [
        "the film was good and we liked it so",
        "bad",
        "a very good meal",
        "the book is not so fine but they was it",
    ]
    expected = np.stack([said_by(folder, text) for text in texts])
    np.testing.assert_allclose(Teacher(str(folder)).vectors(texts), expected, atol=1e-5)


def test_each_piece_is_read_alone_without_the_mark_of_a_continuation(folder):
    student = transformers.AutoTokenizer.from_pretrained(folder)
    student.add_tokens(["##film"])
    vectors = Teacher(str(folder)).piece_vectors(student)
    assert vectors.shape == (len(student), 16) and vectors.dtype == np.float32
    assert not vectors[student.all_special_ids].any()
    number = student.get_vocab()["film"]
    alone = said_by(folder, "film")
    np.testing.assert_allclose(vectors[number], alone / np.linalg.norm(alone), atol=1e-5)
    np.testing.assert_allclose(vectors[student.get_vocab()["##film"]], vectors[number], atol=1e-6)
