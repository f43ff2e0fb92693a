"""What `__init__.py` offers, for type checkers: they see no name that it finds when asked."""

from prefdrop.mypreferences.answers import Answer as Answer
from prefdrop.mypreferences.auth import (
    Auth as Auth,
    OAuth2 as OAuth2,
    PnAuthInfo3 as PnAuthInfo3,
    auth_from_secret as auth_from_secret,
)
from prefdrop.mypreferences.bulk_export import Exports as Exports, ExportSpec as ExportSpec
from prefdrop.mypreferences.bulk_export_results import (
    ExportPage as ExportPage,
    ExportStatus as ExportStatus,
)
from prefdrop.mypreferences.bulk_import import Imports as Imports, ImportSpec as ImportSpec
from prefdrop.mypreferences.client import Client as Client
from prefdrop.mypreferences.configuration import Configuration as Configuration
from prefdrop.mypreferences.configuration_models import (
    AddressType as AddressType,
    AlternateIdType as AlternateIdType,
    Channel as Channel,
    ConsentStatusName as ConsentStatusName,
    ConsentType as ConsentType,
    ConsentVersion as ConsentVersion,
    Created as Created,
    CustomerType as CustomerType,
    CustomField as CustomField,
    CustomProperty as CustomProperty,
    EmailType as EmailType,
    Filter as Filter,
    GroupName as GroupName,
    GroupType as GroupType,
    LocalizedText as LocalizedText,
    PhoneType as PhoneType,
    Picklist as Picklist,
    PicklistValue as PicklistValue,
    Program as Program,
    ProgramGroup as ProgramGroup,
    TagDefinition as TagDefinition,
    UpdateRule as UpdateRule,
)
from prefdrop.mypreferences.consents import (
    ConsentHistory as ConsentHistory,
    Consents as Consents,
)
from prefdrop.mypreferences.errors import (
    AnswerTooLarge as AnswerTooLarge,
    BadRequest as BadRequest,
    Conflict as Conflict,
    Forbidden as Forbidden,
    GarbledAnswer as GarbledAnswer,
    Misconfigured as Misconfigured,
    MyPreferencesError as MyPreferencesError,
    NoAnswer as NoAnswer,
    NotAuthorized as NotAuthorized,
    NotFound as NotFound,
    NotSent as NotSent,
    Redirected as Redirected,
    Refused as Refused,
    RouteRefused as RouteRefused,
    ServerError as ServerError,
    TokenRefused as TokenRefused,
    TooLarge as TooLarge,
    TooManyMatches as TooManyMatches,
    TooManyRequests as TooManyRequests,
    Unclear as Unclear,
    WrongCredentials as WrongCredentials,
    unclear as unclear,
)
from prefdrop.mypreferences.events import (
    Event as Event,
    NotUnderstood as NotUnderstood,
    Parsed as Parsed,
    parse_events as parse_events,
)
from prefdrop.mypreferences.events_retrieval import (
    EventFilter as EventFilter,
    EventList as EventList,
    Events as Events,
)
from prefdrop.mypreferences.group_profiles import GroupProfiles as GroupProfiles
from prefdrop.mypreferences.import_results import (
    ExceptionPage as ExceptionPage,
    ExceptionRecord as ExceptionRecord,
    ImportStatus as ImportStatus,
    Reason as Reason,
)
from prefdrop.mypreferences.json_patch import JsonPatch as JsonPatch, Operation as Operation
from prefdrop.mypreferences.preferences import (
    PreferenceHistory as PreferenceHistory,
    Preferences as Preferences,
)
from prefdrop.mypreferences.profile_models import (
    Address as Address,
    AlternateId as AlternateId,
    Consent as Consent,
    CustomerName as CustomerName,
    CustomFieldValue as CustomFieldValue,
    Email as Email,
    Group as Group,
    PhoneNumber as PhoneNumber,
    Preference as Preference,
    PreferenceAttribute as PreferenceAttribute,
    Profile as Profile,
    Tag as Tag,
)
from prefdrop.mypreferences.profiles import Profiles as Profiles
from prefdrop.mypreferences.resources import Resource as Resource
from prefdrop.mypreferences.subscriptions import Subscriptions as Subscriptions
from prefdrop.mypreferences.subscriptions_models import (
    EventSelection as EventSelection,
    Subscription as Subscription,
    select_all_events as select_all_events,
    select_event as select_event,
)
from prefdrop.mypreferences.transport import Retries as Retries
from prefdrop.mypreferences.users import User as User, Users as Users
