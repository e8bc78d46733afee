# What an engine is asked for: the answer, which policies gave it, and to which question.
#
# Undefined where the revision was not loaded or the question has no number: then nothing is allowed.
package hive.served

import rego.v1

decision := {
	"answer": data.hive.order.answer,
	"decision_id": input.decision_id,
	"revision": data.hive.bundle.revision,
}
