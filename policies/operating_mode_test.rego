package hive.operating_mode_test

import rego.v1

import data.hive.operating_mode

test_normal_adds_risk if {
	operating_mode.allow with input as {"mode": "normal"}
	operating_mode.reasons == set() with input as {"mode": "normal"}
}

test_every_other_mode_does_not if {
	every said in [{}, {"mode": "reduce_only"}, {"mode": "halt"}, {"mode": null}, {"mode": true}, {"mode": "NORMAL"}] {
		operating_mode.allow == false with input as said
		operating_mode.reasons == {"mode_forbids_new_risk"} with input as said
	}
}
