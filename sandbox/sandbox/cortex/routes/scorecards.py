"""Scorecards, scores, next steps, initiatives, verifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cortex.answers import not_found, ok
from sandbox.cortex.keys import CONFIGURE_VERIFICATION_PERIODS, VIEW_INITIATIVES, VIEW_SCORECARDS
from sandbox.cortex.paging import paged, part, totals
from sandbox.cortex.routing import Call, Routes
from sandbox.cortex.truth import expired
from sandbox.cortex.yaml_text import to_yaml

from .catalog import living, one

if TYPE_CHECKING:
    from sandbox.cortex.answers import Answer
    from sandbox.cortex.model import Entity, Row, Scorecard

routes = Routes()

SCORECARDS = "/api/v1/scorecards"
SEARCH_FILTERS = ("groups", "entities", "teams")
VERIFICATIONS = "VERIFICATIONS"


@routes.get(SCORECARDS, permission=VIEW_SCORECARDS)
def list_scorecards(call: Call) -> Answer:
    """List scorecards; a filter turns it into a search, which knows evaluated cards only."""
    cards = call.world.scorecards
    if not call.query.flag("showDrafts"):
        cards = [card for card in cards if not card.is_draft]
    if any(call.query.values(name) for name in SEARCH_FILTERS):
        cards = _search(call, cards)
    return paged(call, "scorecards", cards, lambda card: card.row)


def _search(call: Call, cards: list[Scorecard]) -> list[Scorecard]:
    groups, tags, teams = (set(call.query.values(name)) for name in SEARCH_FILTERS)
    by_id = call.world.by_id()

    def fits(entity: Entity) -> bool:
        return (
            (not groups or not groups.isdisjoint(entity.groups))
            and (not tags or entity.tag in tags)
            and (not teams or any(team["tag"] in teams for team in entity.owner_teams))
        )

    return [card for card in cards if any(fits(by_id[judged]) for judged in card.judged)]


def _card(call: Call, name: str = "tag") -> Scorecard:
    card = call.world.scorecard(call.names[name])
    if card is None:
        raise not_found(f"Scorecard not found: {call.names[name]}")
    return card


@routes.get(SCORECARDS + "/{tag}", permission=VIEW_SCORECARDS)
def get_scorecard(call: Call) -> Answer:
    """Return one scorecard."""
    return ok({"scorecard": _card(call).row})


@routes.get(SCORECARDS + "/{tag}/descriptor", permission=VIEW_SCORECARDS)
def get_descriptor(call: Call) -> Answer:
    """Return the YAML text of one scorecard, as a JSON string."""
    row = _card(call).row
    names = {"isDraft": "draft"}
    return ok(to_yaml({names.get(key, key): value for key, value in row.items()}))


@routes.get(SCORECARDS + "/{tag}/scores", permission=VIEW_SCORECARDS)
def list_scores(call: Call) -> Answer:
    """List the scores of one scorecard: pages, and totals only if the option says so."""
    card = _card(call)
    by_id = call.world.by_id()
    judged = card.judged
    tag = call.query.text("entityTag")
    if tag is not None:
        entity = call.world.by_tag().get(tag)
        judged = [entity.id] if entity and entity.id in judged else []
    body: dict[str, Any] = {
        "scorecardId": card.id,
        "scorecardName": card.row["name"],
        "scorecardTag": card.tag,
        "scorecardFilter": card.row.get("filter"),
        "serviceScores": part(
            call, judged, lambda entity_id: call.world.scoring.score(card, by_id[entity_id])
        ),
    }
    if call.options.scores_totals:
        body |= totals(call, len(judged))
    return ok(body)


@routes.get(SCORECARDS + "/{tag}/next-steps", permission=VIEW_SCORECARDS)
def list_next_steps(call: Call) -> Answer:
    """Return what an entity has to do for the next level; the parameter takes its tag."""
    card = _card(call)
    entity = call.world.by_tag().get(call.query.required("entityTag"))
    if entity is None or entity.deleted:
        raise not_found("Entity not found")
    steps: list[Row] = []
    if card in call.world.cards_of().get(entity.id, []):
        steps = call.world.scoring.next_steps(card, entity)
    return ok({"nextSteps": steps})


@routes.get(SCORECARDS + "/{scorecardTag}/entity/{tagOrId}/badge", permission=VIEW_SCORECARDS)
def get_badge(call: Call) -> Answer:
    """Return a badge as Markdown."""
    card, entity = _card(call, "scorecardTag"), living(call)
    score = call.world.scoring.entity_score(card, entity)["score"]
    return ok({"value": f"![{card.row['name']}](https://badges.example.com/{score})"})


@routes.get("/api/v1/initiatives", permission=VIEW_INITIATIVES)
def list_initiatives(call: Call) -> Answer:
    """List initiatives; drafts and expired ones only when asked for."""
    drafts = call.query.flag("includeDrafts")
    late = call.query.flag("includeExpired")
    rows = [
        row
        for row in call.world.initiatives
        if (drafts or not row["isDraft"]) and (late or not expired(call.world, row))
    ]
    return paged(call, "initiatives", rows)


@routes.get("/api/v1/initiatives/{cid}", permission=VIEW_INITIATIVES)
def get_initiative(call: Call) -> Answer:
    """Return one initiative."""
    return ok(one(call.world.initiatives, "cid", call.names["cid"]))


@routes.get(
    "/api/v1/verification-periods",
    permission=CONFIGURE_VERIFICATION_PERIODS,
    product=VERIFICATIONS,
)
def list_periods(call: Call) -> Answer:
    """List verification periods, all of them unless ``isActive`` is given."""
    rows = call.world.verification_periods
    if call.query.text("isActive"):
        wanted = call.query.flag("isActive")
        rows = [row for row in rows if row["isActive"] is wanted]
    return paged(call, "periods", rows)


@routes.get(
    "/api/v1/verification-periods/{cid}",
    permission=CONFIGURE_VERIFICATION_PERIODS,
    product=VERIFICATIONS,
)
def get_period(call: Call) -> Answer:
    """Return one verification period."""
    return ok(one(call.world.verification_periods, "cid", call.names["cid"]))


def _verifications(call: Call) -> list[Row]:
    rows = call.world.verifications
    status, period = call.query.text("status"), call.query.text("periodCid")
    if status:
        rows = [row for row in rows if row["status"] == status]
    if period:
        rows = [row for row in rows if row["period"]["cid"] == period]
    if call.query.text("isActive"):
        wanted = call.query.flag("isActive")
        active = {row["cid"]: row["isActive"] for row in call.world.verification_periods}
        rows = [row for row in rows if active[row["period"]["cid"]] is wanted]
    return rows


@routes.get("/api/v1/verifications", product=VERIFICATIONS)
def list_verifications(call: Call) -> Answer:
    """List verifications, one per entity and period."""
    return paged(call, "verifications", _verifications(call))


@routes.get("/api/v1/catalog/{tagOrId}/verifications", product=VERIFICATIONS)
def list_entity_verifications(call: Call) -> Answer:
    """Return the verifications of one entity, in one array."""
    entity = living(call)
    names = ("period", "status", "verifiedAt")
    return ok(
        [
            {name: row[name] for name in names}
            for row in _verifications(call)
            if row["entity"]["id"] == entity.id
        ]
    )
