"""The operations of the journey, as any client would send them."""

PROBLEM = "... on Problem { code message }"

DONOR_REGISTER = f"""mutation($key: IdempotencyKey!, $input: DonorRegisterInput!) {{
  donorRegister(idempotencyKey: $key, input: $input) {{
    ... on DonorRegisterPayload {{ donor {{ id name }} }} {PROBLEM} }}
}}"""

FUND_OPEN = f"""mutation($key: IdempotencyKey!, $input: FundOpenInput!) {{
  fundOpen(idempotencyKey: $key, input: $input) {{ ... on FundOpenPayload {{ fund {{ id name }} }} {PROBLEM} }}
}}"""

PLEDGE_RECORD = f"""mutation($key: IdempotencyKey!, $input: PledgeRecordInput!) {{
  pledgeRecord(idempotencyKey: $key, input: $input) {{ ... on PledgeRecordPayload {{ pledge {{ id }} }} {PROBLEM} }}
}}"""

DONATION_RECORD = f"""mutation($key: IdempotencyKey!, $input: DonationRecordInput!) {{
  donationRecord(idempotencyKey: $key, input: $input) {{
    ... on DonationPayload {{ donation {{ id amount {{ amount currency }} }} }} {PROBLEM} }}
}}"""

DONATION_ALLOCATE = f"""mutation($key: IdempotencyKey!, $input: DonationAllocateInput!) {{
  donationAllocate(idempotencyKey: $key, input: $input) {{
    ... on AllocationPayload {{ allocation {{ id workers personMonths amount {{ amount currency }} }} }} {PROBLEM} }}
}}"""

ALLOCATION_REMIT = f"""mutation($key: IdempotencyKey!, $id: ID!) {{
  allocationRemit(idempotencyKey: $key, allocationId: $id) {{
    ... on AllocationPayload {{ allocation {{ id }} }} {PROBLEM} }}
}}"""

ALLOCATION = """query($id: ID!) {
  allocation(id: $id) { remittances { institutionId month lines state reference amount { amount currency } } }
}"""

WORKER_BY_IDENTIFIER = """query($identifier: IdentifierInput!) {
  workerByIdentifier(identifier: $identifier, purpose: ADMINISTRATION) {
    id sector contributions { schemeId month amount { amount currency } acknowledged }
  }
}"""

WORKER = """query($id: ID!) { worker(id: $id, purpose: ADMINISTRATION) { id } }"""

IDENTIFIER_RECORD = f"""mutation($key: IdempotencyKey!, $worker: ID!, $identifier: IdentifierInput!) {{
  identifierRecord(idempotencyKey: $key, workerId: $worker, identifier: $identifier) {{
    ... on IdentifierRecordPayload {{ worker {{ id }} }} {PROBLEM} }}
}}"""

MOVE_PLAN = f"""query($input: WorkerMoveInput!) {{
  movePlan(input: $input, purpose: ADMINISTRATION) {{
    ... on MovePlan {{
      obstacle standing funded
      costToFund {{ amount currency }} returnedToFund {{ amount currency }}
      landings {{ branch kind schemeId extent chosen period {{ firstDay lastDay }} }}
      branches {{ branch gapDays overlapDays why }}
      hostEntries {{ schemeId institutionId quote {{ shares {{ payer amount {{ amount currency }} }} }} }}
      pack {{ schemeId period {{ firstDay lastDay }}
              quote {{ coverMonths shares {{ payer component amount {{ amount currency }} }} }} }}
      alternatives {{ total {{ amount currency }} coverMonths shares {{ component }} }}
      returns {{ schemeId month amount {{ amount currency }} sent }}
      startsAnew {{ text value standing }}
      reasons {{ rule text value standing sourceIds }}
    }} {PROBLEM} }}
}}"""

WORKER_MOVE = f"""mutation($key: IdempotencyKey!, $input: WorkerMoveInput!) {{
  workerMove(idempotencyKey: $key, input: $input) {{
    ... on WorkerMovePayload {{ move {{ id step }} }} {PROBLEM} }}
}}"""

MOVE = (
    """query($id: ID!) { move(id: $id, purpose: ADMINISTRATION) { step steps { step evidence simulated takenAt } } }"""
)

COVERAGE = f"""query($identifier: IdentifierInput!, $on: Date!) {{
  coverageOn(identifier: $identifier, on: $on, purpose: ELIGIBILITY_CHECK) {{
    ... on CoverageDetermination {{
      outcome standing
      covers {{ branch schemeId extent state funderKind coveredUntil }}
      reasons {{ text value }}
    }} {PROBLEM} }}
}}"""

ME = """query($on: Date!) { me {
  coverageOn(on: $on) { outcome }
  certificates { number legislation simulated covers { schemeId firstDay lastDay } }
  accessRecords(first: 20) { edges { node { institutionId purpose askedAbout outcome recordedAt } } }
} }"""

STATEMENT = """query { donations(first: 10) { edges { node {
  amount { amount currency }
  statement {
    addsUp personMonthsCovered personMonthsTerm
    received { amount currency } available { amount currency } reserved { amount currency }
    sent { amount currency } refunded { amount currency }
  }
  months { month workersRounded }
} } } }"""
