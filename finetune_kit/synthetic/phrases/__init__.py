"""English and French sentences of every day, made by one grammar for both languages.

A pattern chooses words once and says them twice, so that each English sentence has its French one. To the learner
the translation is a function of the English: "you" is tu unless the sentence begins with a call to somebody whom one
addresses with vous ("Madam, ..."); I, you and they are masculine unless a name says otherwise.
"""

from .corpus import sentences
from .splits import build, monolingual

__all__ = ["build", "monolingual", "sentences"]
