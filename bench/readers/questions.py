"""The three questions that are measured, as a client asks them, and the SQL that a person would write for each.

Point: an institution asks about one passport. List: a page of 50 workers with cover and enrolments. Roll-up: what one
donation did. The SQL answers the same bytes and has nothing to do but that: no actor, no visibility, no trace, no
other field, no other argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ON = "2025-08-15"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question. actor: who asks. sql: by hand, its parameters in the order of `arguments`."""

    name: str
    actor: str
    document: str
    sql: str


POINT = Asked(
    name="point",
    actor="officer",
    document="""query Covered($value: String!, $on: Date!) {
  coverageOn(identifier: {kind: "passport", issuingState: ID, value: $value}, on: $on, purpose: ADMINISTRATION) {
    __typename
    ... on CoverageDetermination {
      on outcome standing
      covers {
        branch schemeId institutionId extent state funderKind fundId firstDay coveredUntil
        reasons { rule text value since sourceIds standing }
      }
    }
    ... on Problem { code message }
  }
}""",
    sql="""
SELECT '{"data":{"coverageOn":{"__typename":"CoverageDetermination","on":"' || $2::date || '","outcome":"' ||
       CASE WHEN count(*) > 0 THEN 'COVERED' ELSE 'NOT_COVERED' END || '","standing":"' ||
       CASE WHEN bool_or(c.body @> '[{"standing":"assumed"}]') THEN 'ASSUMED'
            WHEN bool_or(c.body @> '[{"standing":"reported"}]') THEN 'REPORTED' ELSE 'CONFIRMED' END ||
       '","covers":[' || coalesce(string_agg('{"branch":"' || upper(c.branch) || '","schemeId":"' || c.scheme_id ||
       '","institutionId":"' || c.institution_id || '","extent":"' || upper(c.extent) ||
       '","state":"' || upper(c.state) || '","funderKind":"' ||
       upper(c.funder_kind) || '","fundId":' || coalesce('"' || rtrim(translate(encode(convert_to(
           'Fund:' || c.fund_id, 'UTF8'), 'base64'), '+/', '-_'), '=') || '"', 'null') ||
       ',"firstDay":"' || lower(c.days) || '","coveredUntil":' || coalesce('"' || (SELECT upper(h) - 1
           FROM unnest(c.held) h WHERE h @> $2::date) || '"', 'null') ||
       ',"reasons":[' || (SELECT coalesce(string_agg('{"rule":' || (e.x -> 'rule')::text || ',"text":' ||
           (e.x -> 'text')::text || ',"value":' || (e.x -> 'value')::text ||
           ',"since":' || (e.x -> 'since')::text || ',"sourceIds":[' ||
           (SELECT coalesce(string_agg(i::text, ',' ORDER BY m), '')
            FROM jsonb_array_elements(e.x -> 'source_ids') WITH ORDINALITY s(i, m)) ||
           '],"standing":"' || upper(e.x ->> 'standing') || '"}', ',' ORDER BY e.n), '')
           FROM jsonb_array_elements(c.body) WITH ORDINALITY e(x, n)) || ']}', ','
           ORDER BY c.branch, c.days, c.scheme_id), '') || ']}}}'
FROM (SELECT s.*, r.body, range_agg(s.days) OVER (PARTITION BY s.branch) AS held
      FROM identifiers i JOIN coverage_spells s USING (worker_id) JOIN reasons r ON r.id = s.reasons_id
      WHERE i.blind_index = $1::bytea AND i.superseded_at IS NULL AND s.superseded_at IS NULL) c
WHERE c.days @> $2::date""",
)

LIST = Asked(
    name="list",
    actor="operator",
    document="""query Page($first: Int!, $after: String, $on: Date!) {
  workers(first: $first, after: $after) {
    edges { cursor node {
      id homeState nationality sector
      coverageOn(on: $on) { outcome covers { branch schemeId institutionId extent state fundId firstDay coveredUntil } }
      enrolments { schemeId segmentId institutionId firstDay lastDay funderKind reference }
    } }
    pageInfo { hasNextPage endCursor }
  }
}""",
    sql="""
WITH page AS MATERIALIZED (
    SELECT w.id, w.home_state, w.nationality, w.sector, row_number() OVER (ORDER BY w.id) AS place
    FROM workers w WHERE w.id > $1::uuid ORDER BY w.id LIMIT 51),
cover AS (
    SELECT worker_id, string_agg('{"branch":"' || upper(branch) || '","schemeId":"' || scheme_id ||
           '","institutionId":"' || institution_id || '","extent":"' || upper(extent) || '","state":"' ||
           upper(state) || '","fundId":' || coalesce('"' || rtrim(translate(encode(convert_to('Fund:' || fund_id,
           'UTF8'), 'base64'), '+/', '-_'), '=') || '"', 'null') || ',"firstDay":"' || lower(days) ||
           '","coveredUntil":' || coalesce('"' || (SELECT upper(h) - 1 FROM unnest(held) h WHERE h @> $2::date) || '"',
           'null') || '}',
           ',' ORDER BY branch, days, scheme_id) AS body
    FROM (SELECT s.*, range_agg(s.days) OVER (PARTITION BY s.worker_id, s.branch) AS held
          FROM page p JOIN coverage_spells s ON s.worker_id = p.id
          WHERE s.superseded_at IS NULL AND p.place <= 50) s
    WHERE days @> $2::date GROUP BY worker_id),
enrolled AS (
    SELECT e.worker_id, string_agg('{"schemeId":"' || e.scheme_id || '","segmentId":"' || e.segment_id ||
           '","institutionId":"' || e.institution_id || '","firstDay":"' || e.first_day || '","lastDay":' ||
           coalesce('"' || e.last_day || '"', 'null') || ',"funderKind":"' || upper(e.funder_kind) ||
           '","reference":' || to_json(e.reference)::text || '}', ',' ORDER BY e.first_day, e.scheme_id, e.id) AS body
    FROM page p JOIN enrolments e ON e.worker_id = p.id
    WHERE e.superseded_at IS NULL AND p.place <= 50 GROUP BY e.worker_id)
SELECT '{"data":{"workers":{"edges":[' || coalesce(string_agg('{"cursor":"' || translate(encode(convert_to(
       'cursor:workers:' || p.id, 'UTF8'), 'base64'), '+/=', '-_') || '","node":{"id":"' || translate(encode(convert_to(
       'Worker:' || p.id, 'UTF8'), 'base64'), '+/=', '-_') || '","homeState":"' || p.home_state ||
       '","nationality":"' || p.nationality || '","sector":"' || upper(p.sector) || '","coverageOn":{"outcome":"' ||
       CASE WHEN c.body IS NULL THEN 'NOT_COVERED' ELSE 'COVERED' END || '","covers":[' || coalesce(c.body, '') ||
       ']},"enrolments":[' || coalesce(e.body, '') || ']}}', ',' ORDER BY p.place) FILTER (WHERE p.place <= 50), '') ||
       '],"pageInfo":{"hasNextPage":' || (count(*) > 50) || ',"endCursor":' || coalesce('"' || translate(encode(
       convert_to('cursor:workers:' || (array_agg(p.id ORDER BY p.place DESC) FILTER (WHERE p.place <= 50))[1], 'UTF8'),
       'base64'), '+/=', '-_') || '"', 'null') || '}}}}'
FROM page p LEFT JOIN cover c ON c.worker_id = p.id LEFT JOIN enrolled e ON e.worker_id = p.id""",
)

ROLL_UP = Asked(
    name="roll-up",
    actor="operator",
    document="""query Did($id: ID!) {
  donation(id: $id) {
    receivedOn
    amount { amount currency }
    statement { received { amount } available { amount } reserved { amount } sent { amount } refunded { amount }
                addsUp personMonthsCovered personMonthsReserved }
    months { month workersRounded }
  }
}""",
    sql="""
SELECT '{"data":{"donation":{"receivedOn":"' || d.received_on || '","amount":{"amount":"' || d.amount ||
       '","currency":"' || d.currency || '"},"statement":{"received":{"amount":"' || d.amount ||
       '"},"available":{"amount":"' || own.posted_credits - own.posted_debits - own.pending_debits ||
       '"},"reserved":{"amount":"' || own.pending_debits || '"},"sent":{"amount":"' ||
       sent.posted_credits - sent.posted_debits || '"},"refunded":{"amount":"' || coalesce(back.amount, 0) ||
       '"},"addsUp":' || (d.amount = own.posted_credits - own.posted_debits + sent.posted_credits - sent.posted_debits
                          + coalesce(back.amount, 0)) ||
       ',"personMonthsCovered":' || m.covered || ',"personMonthsReserved":' || m.reserved || '},"months":[' ||
       coalesce(f.body, '') || ']}}}'
FROM donations d
JOIN ledger_accounts own ON own.owner_id = d.id AND own.kind = 'donation'
JOIN ledger_accounts sent ON sent.owner_id = d.id AND sent.kind = 'remitted'
LEFT JOIN LATERAL (
    SELECT sum(t.amount) AS amount FROM ledger_transfers t
    JOIN ledger_transactions x ON x.id = t.transaction_id AND x.kind = 'refund' WHERE t.debit_account_id = own.id) back
    ON true
CROSS JOIN LATERAL (
    SELECT sum(covered) AS covered, sum(reserved) AS reserved FROM donation_months WHERE donation_id = d.id) m
CROSS JOIN LATERAL (
    SELECT string_agg('{"month":"' || to_char(month, 'YYYY-MM') || '","workersRounded":' ||
                      CAST(round(covered / 5.0) * 5 AS integer) || '}', ',' ORDER BY month) AS body
    FROM donation_months WHERE donation_id = d.id AND covered > 0) f
WHERE d.id = $1::uuid""",
)

QUESTIONS: Sequence[Asked] = (POINT, LIST, ROLL_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One asking: the variables of the document, and the same as parameters of the SQL."""

    variables: dict[str, Any]
    parameters: tuple[Any, ...]
