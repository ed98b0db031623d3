"""Tables of scorecards: rules, scores, results, history, initiatives and verifications."""

from __future__ import annotations

from singer_rest.records.columns import (
    ANY,
    ARRAY,
    BOOLEAN,
    DATE,
    INSTANT,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
)

from .common import SCORECARD, SERVICE, SNAPSHOT, cols, flat_table, table

FILTER = cols(OBJECT, filter="Which entities it is about: query, types and groups.")
RULE_KEY = cols(
    TEXT,
    rule_key="Identifies the rule within the scorecard: its identifier, else its expression.",
)

SCORECARDS = table(
    ("tag",),
    cols(
        TEXT,
        tag="Identifies it; every other stream of scorecards names it by this.",
        name="Display name; not unique.",
        description="Free text about what it is for.",
    ),
    cols(BOOLEAN, isDraft="Whether it is not published yet; such have no scores."),
    cols(
        INSTANT,
        lastUpdated="When the scorecard was last changed; setting the next evaluation counts, so "
        "it moves every few hours.",
        dateCreated="When somebody first saved it.",
    ),
    FILTER,
    cols(
        OBJECT,
        evaluation="How often it is evaluated: window, in hours.",
        exemptions="Whether exemptions are allowed, and approved by themselves.",
        notifications="Whether owners are told, and of falling scores.",
    ),
    cols(
        ARRAY,
        levels="Levels, number 1 being the highest; as rows in scorecard_levels.",
        rules="Rules; as rows in scorecard_rules.",
    ),
)
SCORECARD_RULES = table(
    ("scorecard_tag", "rule_key"),
    SCORECARD,
    RULE_KEY,
    cols(
        TEXT,
        identifier="Identifier of the rule; may be missing.",
        expression="What is checked, in CQL.",
        title="Short text that is shown for the rule; null where nobody wrote one.",
        description="Free text about why the rule is there.",
        failureMessage="What is shown where the rule fails, in Markdown.",
        levelName="Level that the rule belongs to.",
    ),
    cols(NUMBER, weight="Points the rule is worth; null where the scorecard has levels."),
    cols(INSTANT, effectiveFrom="When the rule begins to count."),
    FILTER,
)
SCORECARD_LEVELS = table(
    ("scorecard_tag", "number"),
    SCORECARD,
    cols(INTEGER, number="Number of the level; 1 is the highest."),
    cols(TEXT, name="What reaching it is called, such as Gold."),
)
_SCORE = (
    *cols(
        TEXT,
        level_name="Level that the entity has reached; null if it has none.",
    ),
    *cols(INTEGER, level_number="Number of that level; 1 is the highest."),
    *cols(
        NUMBER,
        points="What the rules that were passed are worth together.",
        possible_points="What all rules that count are worth together.",
        percentage="points / possible_points, as the server scales it: 1 or 100 at most; which, is "
        "not documented.",
    ),
    *cols(INSTANT, lastEvaluated="When the entity was last judged."),
    *cols(TEXTS, owner_groups="Tags of the teams that own the entity."),
)
SCORECARD_SCORES = table(
    ("scorecard_tag", "service_id"),
    SCORECARD,
    cols(
        INTEGER,
        scorecard_id="Number that Cortex gave the scorecard; most streams join by scorecard_tag.",
    ),
    SERVICE,
    _SCORE,
    cols(
        OBJECT,
        score="The score as the server shows it: summary, ladderLevels, rules.",
        service="The entity as the server shows it, with groups and owners.",
    ),
    cols(ARRAY, ruleExemptions="Exemptions; as rows in scorecard_rule_exemptions."),
)
SCORECARD_SCORES_DAILY = flat_table(
    ("snapshot_date", "scorecard_tag", "service_id"), SNAPSHOT, SCORECARD, SERVICE, _SCORE
)
_RESULT = (
    *cols(
        TEXT,
        expression="What was checked, in CQL.",
        identifier="Identifier of the rule; may be missing.",
        title="Short text that is shown for the rule; null where nobody wrote one.",
        level_name="Level that the rule belongs to.",
        error="Why the rule could not be evaluated, if so.",
        state="How the entity stands on the rule: passed, failed, exempt, not in force, or "
        "weightless (the rule is worth nothing).",
    ),
    *cols(
        BOOLEAN,
        passed="Whether the entity got points for the rule; null where the rule does not count: "
        "see state.",
    ),
    *cols(
        NUMBER,
        score="Points the entity got for the rule.",
        weight="Points the rule is worth; null where the scorecard has levels.",
    ),
    *cols(INSTANT, last_evaluated="When the entity was last judged."),
)
SCORECARD_RULE_RESULTS = table(
    ("scorecard_tag", "service_id", "rule_key"), SCORECARD, SERVICE, RULE_KEY, _RESULT
)
SCORECARD_RULE_RESULTS_DAILY = flat_table(
    ("snapshot_date", "scorecard_tag", "service_id", "rule_key"),
    SNAPSHOT,
    SCORECARD,
    SERVICE,
    RULE_KEY,
    _RESULT,
)
SCORECARD_RULE_EXEMPTIONS = table(
    ("scorecard_tag", "service_id", "ruleIdentifier", "requestedDate"),
    SCORECARD,
    SERVICE,
    cols(
        TEXT,
        ruleIdentifier="Identifier of the rule that the entity is to be spared.",
        ruleExpression="What that rule checks, in CQL.",
        requestingReason="Why the exemption was asked for.",
        status="Where the request stands, such as PENDING, APPROVED, REJECTED.",
    ),
    cols(
        INSTANT,
        requestedDate="When the exemption was asked for.",
        endDate="When the exemption ends; null for never.",
    ),
    cols(
        OBJECT,
        exemptionStatus="Status with its date and who decided.",
        requestedBy="Who asked: a person, or an API key by its last four characters.",
    ),
)
SCORECARD_NEXT_STEPS = table(
    ("scorecard_tag", "entity_tag", "step_index"),
    cols(
        TEXT,
        scorecard_tag="Scorecard that the step belongs to: scorecards.tag.",
        entity_tag="Who is to take the step: entities.tag.",
        entity_id="The same one by its id (CID): entities.id.",
    ),
    cols(INTEGER, step_index="Place of the step in the answer, from 0."),
    cols(
        OBJECT,
        currentLevel="Level that the entity has.",
        nextLevel="Level that it can reach next.",
    ),
    cols(ARRAY, rulesToComplete="Rules that are still to be passed for it."),
)
SCORECARD_DESCRIPTORS = flat_table(
    ("scorecard_tag",),
    SCORECARD,
    cols(TEXT, descriptor="Descriptor of the scorecard, as YAML text."),
)
INITIATIVES = table(
    ("cid",),
    cols(
        TEXT,
        cid="Id (CID) of the initiative; a digest where the server sends none.",
        name="Display name; not unique.",
        description="Free text about what it is to bring.",
        scorecardTag="Scorecard whose rules or levels are to be reached: scorecards.tag.",
        scorecardName="Its display name, as in scorecards.name.",
    ),
    cols(BOOLEAN, isDraft="Whether it is not published yet."),
    cols(DATE, targetDate="Day by which it is to be reached."),
    cols(
        INSTANT,
        dateCreated="When somebody first saved it.",
        dateUpdated="When the initiative was last changed.",
    ),
    FILTER,
    cols(OBJECT, notificationSchedule="How often, and to whom, reminders are sent."),
    cols(
        ARRAY,
        emphasizedLevels="Levels to reach: name, rank, color.",
        emphasizedRules="Rules to pass: expression, title, description.",
    ),
)
VERIFICATION_PERIODS = table(
    ("cid",),
    cols(
        TEXT,
        cid="Identifies the period: verifications.period_cid.",
        name="Title that is shown for it.",
    ),
    cols(INSTANT, startDate="First instant in which may be verified.", endDate="When it closes."),
    cols(
        BOOLEAN,
        isActive="Whether the period is running.",
        reasonRequired="Whether a reason must be given.",
    ),
    cols(
        TEXTS,
        requiredRoles="Roles that may verify.",
        requiredCustomRoleTags="Tags of custom roles that may verify.",
        requiredTeamRoleTags="Tags of team roles that may verify.",
    ),
    cols(
        ANY,
        scope="Which entities are to be verified.",
        counts="How many are pending, correct and incorrect.",
    ),
)
VERIFICATIONS = table(
    ("period_cid", "entity_key"),
    cols(
        TEXT,
        period_cid="Period that it is asked for in: verification_periods.cid.",
        entity_key="Id of the entity, else its tag.",
        entity_id="Id (CID) of what is to be verified: entities.id.",
        entity_tag="The same one by its tag: entities.tag.",
        status="PENDING, VERIFIED_CORRECT or VERIFIED_INCORRECT.",
    ),
    cols(INSTANT, verifiedAt="When the entity was verified."),
    cols(
        ANY,
        entity="The entity as the server shows it.",
        period="The period as the server shows it.",
        verifiedBy="The person who said so, as the server shows it.",
    ),
)
