"""A daemon without threads, disks or sockets: the real core, engine and desk over a venue, a disk and a
clock that a proof holds in its hand. Explorers and simulations drive it."""
