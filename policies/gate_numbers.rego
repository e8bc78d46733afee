# What the gate of the account found. It has allowed the order already; a policy that saw other numbers than the gate
# would be no second look, so the numbers are the gate's own.
package hive.gate_numbers

import rego.v1

default allow := false

allow if {
	account_is_whole
	gate_allowed
	worst_case_is_over_floor
}

reasons contains "account_breached" if not account_is_whole

reasons contains "gate_did_not_allow" if not gate_allowed

reasons contains "worst_case_reaches_floor" if not worst_case_is_over_floor

default account_is_whole := false

account_is_whole if input.account.is_breached == false

default gate_allowed := false

gate_allowed if input.gate.verdict == "allow"

default worst_case_is_over_floor := false

# Hundredths of the account's currency: the worst case rounded down, the floor rounded up.
worst_case_is_over_floor if {
	is_number(input.gate.worst_case_equity_cents)
	is_number(input.gate.floor_cents)
	input.gate.worst_case_equity_cents > input.gate.floor_cents
}
