"""What one process does beside its main work, a thread each: surveying, sealing, forgetting, counting, reminding."""

from collections.abc import Callable

from central.domain.rules import AssociationRules
from central.foundation import Foundation, ground_of
from central.gateways.speaking import load_speaker
from central.retention import Retention
from central.services.assessment_parts import assessment_of
from central.services.registers_shelf import ReportShelf
from central.services.surveying import Survey
from central.services.telling import NoticeSender, Silent
from central.services.timers import Timers
from central.services.worker import Worker
from contract.ids import uuid7


def housekeepers(base: Foundation, rules: AssociationRules, wake: Callable[[], None]) -> tuple[Worker, ...]:
    """The threads, not started; `wake` is called when cameras' errors were learnt anew.

    Raises:
        UsageError: the file of notices is wrong.
    """
    makers = (_sealer, _retention, _timers, _notices, _freezer, _reports)
    return (_surveyor(base, rules, wake), *(make(base) for make in makers))


def _surveyor(base: Foundation, rules: AssociationRules, wake: Callable[[], None]) -> Worker:
    survey = Survey(base.database, rules, base.clock, wake)
    return Worker("survey", survey.step, survey.recover, idle_s=60.0)


def _sealer(base: Foundation) -> Worker:
    return Worker("sealing", base.sealer.step, base.sealer.recover)


def _retention(base: Foundation) -> Worker:
    retention = Retention(base.database, base.objects, base.settings.retention, base.clock)
    return Worker("retention", retention.step, retention.recover, idle_s=600.0)


def _timers(base: Foundation) -> Worker:
    timers = Timers(base.database, base.keeper, base.stepper, base.clock, base.feed.notify, base.terrain)
    return Worker("timers", timers.step, timers.recover)


def _notices(base: Foundation) -> Worker:
    speaker = load_speaker(base.settings.notices) if base.settings.notices else Silent()
    sender = NoticeSender(base.database, speaker, base.clock, uuid7(base.clock.now()))
    return Worker("notices", sender.step, sender.recover)


def _reports(base: Foundation) -> Worker:
    shelf = ReportShelf(base.settings.reports_folder, base.clock)
    return Worker("reports", shelf.tidy, lambda _failures, _error: None, idle_s=3600.0)


def _freezer(base: Foundation) -> Worker:
    freezing = assessment_of(base.database, base.figures, ground_of(base.site), base.clock).freezing
    return Worker("assessment", freezing.step, freezing.recover, idle_s=60.0)
