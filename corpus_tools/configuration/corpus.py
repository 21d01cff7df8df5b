"""Settings of corpus.toml, one section per step."""

from pydantic import Field, field_validator

from annotation.scheme.settings import AnnotationSettings, LabelSettings, LabelStudioSettings
from corpus_tools.configuration.recordings import RecordingSettings
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.configuration.transcribe import TranscribeSettings
from manifests.base.languages import find_language
from manifests.base.settings import Settings
from manifests.storage.sections import CardSettings, SplitSettings, Targets, TextSettings
from models.config.train import TrainSettings

__all__ = ["Configuration", "CorpusSettings"]


class CorpusSettings(Settings):
    """Identity of the corpus.

    Attributes:
        name: name shown in cards and reports.
        language: spoken language, by its BCP 47 code or its name.
        licence: licence of the corpus.
    """

    name: str = "corpus"
    language: str = "zh"
    licence: str | None = None

    @field_validator("language")
    @classmethod
    def _code(cls, given: str) -> str:
        return find_language(given).code


class Configuration(Settings):
    """Contents of corpus.toml; missing keys have the defaults given here."""

    corpus: CorpusSettings = Field(default_factory=CorpusSettings)
    segment: SegmentSettings = Field(default_factory=SegmentSettings)
    screen: ScreenSettings = Field(default_factory=ScreenSettings)
    recordings: RecordingSettings = Field(default_factory=RecordingSettings)
    transcribe: TranscribeSettings = Field(default_factory=TranscribeSettings)
    text: TextSettings = Field(default_factory=TextSettings)
    annotation: AnnotationSettings = Field(default_factory=AnnotationSettings)
    label_studio: LabelStudioSettings = Field(default_factory=LabelStudioSettings)
    labels: LabelSettings = Field(default_factory=LabelSettings)
    targets: Targets = Field(default_factory=Targets)
    split: SplitSettings = Field(default_factory=SplitSettings)
    card: CardSettings = Field(default_factory=CardSettings)
    train: TrainSettings = Field(default_factory=TrainSettings)
