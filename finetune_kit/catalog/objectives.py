"""The records of objectives. Adding one: one file under finetune_kit/objectives/, and its record here."""

from __future__ import annotations

from .records import ObjectiveRecord

OBJECTIVES = (
    ObjectiveRecord(
        "masked-words", "finetune_kit.objectives.masked_words:MaskedWords", "MODEL_FOR_MASKED_LM_MAPPING",
        "Guess hidden words from both sides (BERT)",
    ),
    ObjectiveRecord(
        "span-corruption", "finetune_kit.objectives.span_corruption:SpanCorruption",
        "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING", "Write out the spans cut from a text (T5)",
    ),
    ObjectiveRecord(
        "sentence-denoising", "finetune_kit.objectives.sentence_denoising:SentenceDenoising", None,
        "Put a stirred sentence with gaps in order again (T5)",
    ),
    ObjectiveRecord(
        "written-answers", "finetune_kit.objectives.written_answers:WrittenAnswers", None,
        "Answer questions on made facts in words (T5)",
    ),
    ObjectiveRecord(
        "token-copying", "finetune_kit.objectives.token_copying:TokenCopying", None,
        "Write a string of random tokens again (T5)",
    ),
    ObjectiveRecord(
        "next-word", "finetune_kit.objectives.next_word:NextWord", "MODEL_FOR_CAUSAL_LM_MAPPING",
        "Guess each word from those before it (GPT)",
    ),
    ObjectiveRecord(
        "sentence-distillation", "finetune_kit.objectives.sentence_distillation:SentenceDistillation", None,
        "Masked words, and a larger model's sentence vectors (BERT)",
    ),
    ObjectiveRecord(
        "cloze-questions", "finetune_kit.objectives.cloze_questions:ClozeQuestions", None,
        "Masked words, and questions that a passage asks of itself (BERT)",
    ),
    ObjectiveRecord(
        "answer-words", "finetune_kit.objectives.answer_words:AnswerWords", None,
        "Masked words, sentence vectors, and what a question's answer may be (BERT)",
    ),
    ObjectiveRecord(
        "mixture", "finetune_kit.objectives.mixture:Mixture", None, "Several objectives over text at once",
    ),
    ObjectiveRecord(
        "image-classes", "finetune_kit.objectives.image_classes:ImageClasses", None,
        "Tell drawn characters and formulas apart (ResNet)",
    ),
    ObjectiveRecord(
        "object-boxes", "finetune_kit.objectives.detection:ObjectBoxes", None,
        "Find the objects of drawn scenes (RT-DETR)",
    ),
    ObjectiveRecord(
        "sound-classes", "finetune_kit.objectives.sound_classes:SoundClasses", None,
        "Recognise words that a synthesiser speaks (wav2vec2)",
    ),
)  # fmt: skip
