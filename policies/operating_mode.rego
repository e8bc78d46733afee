# Whether the daemon may add risk at all. Policies are asked of orders that add risk, never of those that lessen it.
package hive.operating_mode

import rego.v1

default allow := false

allow if mode_is_normal

reasons contains "mode_forbids_new_risk" if not mode_is_normal

default mode_is_normal := false

mode_is_normal if input.mode == "normal"
