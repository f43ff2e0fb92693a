"""Which command prints which shape."""

from __future__ import annotations

from prefdrop.importing.report_members import Report
from prefdrop_cli.dropping import Dropped
from prefdrop_cli.shapes.events import (
    BackfillCounts,
    KeptEvent,
    ShownEvent,
    UnreadableDelivery,
)
from prefdrop_cli.shapes.exports import EndedRun, ListedExport, PushedExport, ShownRun, StartedRun
from prefdrop_cli.shapes.feeds import (
    CheckedFeed,
    CheckedFile,
    ListedFeed,
    ProposedFeed,
    PushedFeeds,
    RefusedFeed,
)
from prefdrop_cli.shapes.imports import (
    DecidedImport,
    FetchedRejects,
    ListedImport,
    LocalRun,
    ShownImport,
)
from prefdrop_cli.shapes.stack import (
    ConfigurationSnapshot,
    ConsoleAddress,
    Examination,
    Places,
    PulledConfiguration,
    QuotaFigures,
    SandboxAddress,
    SubscriptionSteps,
)

COMMANDS: dict[str, dict[str, object]] = {
    "local run": {"": LocalRun},
    "local up": {"": Places},
    "local export": {"": EndedRun},
    "sandbox": {"": SandboxAddress},
    "drop": {"": Dropped, "--watch": Report},
    "imports list": {"": list[ListedImport]},
    "imports show": {"": ShownImport},
    "imports watch": {"": Report},
    "imports rejects": {"": FetchedRejects},
    "imports approve": {"": DecidedImport, "--watch": Report},
    "imports cancel": {"": DecidedImport, "--watch": Report},
    "imports retry": {"": DecidedImport, "--watch": Report},
    "feeds infer": {"": ProposedFeed},
    "feeds check": {"": CheckedFeed, "DATA": CheckedFile, "(names unknown)": RefusedFeed},
    "feeds push": {"": PushedFeeds},
    "feeds list": {"": list[ListedFeed]},
    "events list": {"": list[KeptEvent]},
    "events show": {"": ShownEvent},
    "events exceptions": {"": list[UnreadableDelivery]},
    "events backfill": {"": BackfillCounts},
    "exports list": {"": list[ListedExport]},
    "exports push": {"": PushedExport},
    "exports run": {"": EndedRun, "--no-wait": StartedRun},
    "exports show": {"": ShownRun},
    "subscriptions plan": {"": SubscriptionSteps},
    "subscriptions apply": {"": SubscriptionSteps},
    "configuration pull": {"": PulledConfiguration},
    "configuration show": {"": ConfigurationSnapshot},
    "quota": {"": QuotaFigures},
    "doctor": {"": Examination},
    "console": {"": ConsoleAddress},
}
"""What each command prints, by what is asked for besides: an option, an argument, a case."""
