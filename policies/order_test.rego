package hive.order_test

import rego.v1

import data.hive.order
import data.hive.served

yes := {"allow": true, "reasons": set()}

no(reason) := {"allow": false, "reasons": {reason}}

answer(mode, gate, firm, strategy) := said if {
	said := order.answer with data.hive.operating_mode as mode
		with data.hive.gate_numbers as gate
		with data.hive.firm_policy as firm
		with data.hive.strategy_allow_list as strategy
}

undecided := {"allow": false, "reasons": ["no_part_decided"]}

test_all_parts_say_yes if answer(yes, yes, yes, yes) == {"allow": true, "reasons": []}

test_each_part_can_say_no if {
	denied := {"allow": false, "reasons": ["why"]}
	answer(no("why"), yes, yes, yes) == denied
	answer(yes, no("why"), yes, yes) == denied
	answer(yes, yes, no("why"), yes) == denied
	answer(yes, yes, yes, no("why")) == denied
}

test_each_part_must_speak if {
	answer({}, yes, yes, yes) == undecided
	answer(yes, {}, yes, yes) == undecided
	answer(yes, yes, {}, yes) == undecided
	answer(yes, yes, yes, {}) == undecided
}

test_yes_is_true_and_nothing_else if {
	every said in [false, null, 1, "true", [true]] {
		answer({"allow": said, "reasons": set()}, yes, yes, yes) == undecided
		answer(yes, yes, yes, {"allow": said, "reasons": set()}) == undecided
	}
}

test_a_reason_against_outweighs_every_yes if {
	answer({"allow": true, "reasons": {"but"}}, yes, yes, yes) == {"allow": false, "reasons": ["but"]}
}

test_reasons_are_sorted_and_told_once if {
	answer(no("b"), no("a"), no("c"), no("a")) == {"allow": false, "reasons": ["a", "b", "c"]}
}

test_what_is_served_repeats_question_and_revision if {
	served.decision == {"answer": "as it is", "decision_id": "pol_1", "revision": "abc"} with data.hive.order.answer as "as it is"
		with input as {"decision_id": "pol_1"}
		with data.hive.bundle as {"revision": "abc"}
}

test_without_question_or_revision_nothing_is_served if {
	not served.decision with input as {} with data.hive.bundle as {"revision": "abc"}
	not served.decision with input as {"decision_id": "pol_1"} with data.hive.bundle as {}
}
