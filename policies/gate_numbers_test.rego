package hive.gate_numbers_test

import rego.v1

import data.hive.gate_numbers

order(is_breached, verdict, worst_case_equity_cents, floor_cents) := {
	"account": {"is_breached": is_breached},
	"gate": {
		"verdict": verdict,
		"worst_case_equity_cents": worst_case_equity_cents,
		"floor_cents": floor_cents,
	},
}

test_over_the_floor if {
	gate_numbers.allow with input as order(false, "allow", 101, 100)
	gate_numbers.reasons == set() with input as order(false, "allow", 101, 100)
}

test_at_the_floor if {
	gate_numbers.allow == false with input as order(false, "allow", 100, 100)
	gate_numbers.reasons == {"worst_case_reaches_floor"} with input as order(false, "allow", 100, 100)
}

test_amounts_are_numbers if {
	every amount in [null, true, "101", [], {}] {
		gate_numbers.reasons == {"worst_case_reaches_floor"} with input as order(false, "allow", amount, 100)
		gate_numbers.reasons == {"worst_case_reaches_floor"} with input as order(false, "allow", 101, amount)
	}
}

test_a_breached_account_is_closed if {
	every is_breached in [true, null, 0, "false"] {
		gate_numbers.allow == false with input as order(is_breached, "allow", 101, 100)
		gate_numbers.reasons == {"account_breached"} with input as order(is_breached, "allow", 101, 100)
	}
}

test_only_the_gates_yes_is_one if {
	every verdict in ["reduce", "review", "deny", "", null, true] {
		gate_numbers.allow == false with input as order(false, verdict, 101, 100)
		gate_numbers.reasons == {"gate_did_not_allow"} with input as order(false, verdict, 101, 100)
	}
}

test_nothing_denies_for_every_reason if {
	gate_numbers.allow == false with input as {}
	gate_numbers.reasons == {"account_breached", "gate_did_not_allow", "worst_case_reaches_floor"} with input as {}
}
