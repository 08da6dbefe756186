"""Words for what happens to a person, and for what the law asks about one."""

from __future__ import annotations

from enum import Enum


class Contingency(Enum):
    """What happened: the event on whose day a benefit depends."""

    DEATH = "death"
    WORK_DEATH = "work_death"
    WORK_INJURY_TREATMENT = "work_injury_treatment"
    WORK_INJURY_TEMPORARY = "work_injury_temporary"
    WORK_INJURY_PERMANENT_TOTAL = "work_injury_permanent_total"
    WORK_INJURY_PERMANENT_PARTIAL = "work_injury_permanent_partial"
    OLD_AGE = "old_age"
    INVALIDITY = "invalidity"
    UNEMPLOYMENT = "unemployment"
    SICKNESS = "sickness"
    MATERNITY = "maternity"
    FAMILY = "family"
    MEDICAL_CARE = "medical_care"
    LEAVING = "leaving"


class Sex(Enum):
    """The sex in the civil register, where an age or a rate depends on it."""

    FEMALE = "female"
    MALE = "male"


class ResidenceStatus(Enum):
    """How a person lives in the state whose law is asked about."""

    CITIZEN = "citizen"
    PERMANENT_RESIDENT = "permanent_resident"
    TEMPORARY = "temporary"


class StatedFact(Enum):
    """What only the asker can say, and what the answer therefore repeats as stated."""

    NO_LONGER_INSURED = "no_longer_insured"
    LEFT_THE_STATE = "left_the_state"
    LEFT_FOR_GOOD = "left_for_good"
    RESIGNED = "resigned"
    DISMISSED = "dismissed"
    WORK_PASS_ENDED = "work_pass_ended"
    PERMANENTLY_INCAPABLE = "permanently_incapable"
    NOT_INSURED_ELSEWHERE = "not_insured_elsewhere"


class BirthPrecision(Enum):
    """How much of a birth date is known; the date then holds the first day of the month or year."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
