package hive.firm_policy_test

import rego.v1

import data.hive.firm_policy

limits := {"ways": ["third_party_signals", "copying", "automation"]}

order(uses, said, confirmed_by_person) := {
	"intent": {"uses": uses, "confirmed_by_person": confirmed_by_person},
	"firm_policy": {"copying": said},
}

answer := {"allow": firm_policy.allow, "reasons": firm_policy.reasons}

allowed := {"allow": true, "reasons": set()}

denied(reasons) := {"allow": false, "reasons": reasons}

test_what_the_firm_allows_is_free if {
	answer == allowed with input as order(["copying"], "allowed", false) with data.hive.limits as limits
	answer == allowed with input as order(["copying"], "allowed", true) with data.hive.limits as limits
}

test_what_it_restricts_or_nobody_knows_needs_a_person if {
	every said in ["own_accounts_only", "restricted", "unknown"] {
		answer == allowed with input as order(["copying"], said, true) with data.hive.limits as limits
		answer == denied({"way_needs_a_person"}) with input as order(["copying"], said, false)
			with data.hive.limits as limits
		answer == denied({"way_needs_a_person"}) with input as order(["copying"], said, "true")
			with data.hive.limits as limits
	}
}

test_what_it_forbids_is_closed_to_everybody if {
	answer == denied({"firm_forbids_a_way", "way_needs_a_person"}) with input as order(["copying"], "forbidden", true)
		with data.hive.limits as limits
}

test_a_word_that_nobody_knows_is_no_permission if {
	every said in ["", "yes", null, true, ["allowed"]] {
		answer == denied({"way_needs_a_person"}) with input as order(["copying"], said, true)
			with data.hive.limits as limits
	}
}

test_of_other_ways_the_firm_has_said_nothing if {
	answer == denied({"way_needs_a_person"}) with input as order(["automation"], "allowed", true)
		with data.hive.limits as limits
}

test_no_way_needs_no_permission if {
	answer == allowed with input as order([], "forbidden", false) with data.hive.limits as limits
}

test_ways_are_a_list_of_known_names if {
	every uses in [null, "copying", {"copying": "copying"}, 1, true] {
		answer == denied({"ways_not_named"}) with input as order(uses, "allowed", true) with data.hive.limits as limits
	}
	every uses in [["telepathy"], [null], [["copying"]]] {
		answer == denied({"ways_not_named", "way_needs_a_person"}) with input as order(uses, "allowed", true)
			with data.hive.limits as limits
	}
}

test_nothing_denies if {
	answer == denied({"ways_not_named"}) with input as {} with data.hive.limits as limits
}

test_without_known_ways_none_is_named if {
	answer == denied({"ways_not_named"}) with input as order(["copying"], "allowed", true) with data.hive.limits as {}
}
