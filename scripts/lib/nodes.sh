# shellcheck shell=bash
# Nodes: machines in small, each a network and mount namespace of its own on a common switch (sourced, bash).
# The calling script re-runs itself in namespaces of its own first (nodes_enter), so that all of it ends with the script.

nodes_net=${NODES_NET:-10.77.0}
nodes_bridge=${NODES_BRIDGE:-switch}
# what they run, built by nodes_build unless the caller names them
nodes_built=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/tests/NfsdCtl.Trials
nodes_stale=$([ "${NFSDCTL-}" ] && [ "${NFSDCTL_TRIALS-}" ] || echo 1)
export NFSDCTL=${NFSDCTL:-$nodes_built/bin/Release/net10.0/nfsdctl}
export NFSDCTL_TRIALS=${NFSDCTL_TRIALS:-$nodes_built/bin/Release/net10.0/NfsdCtl.Trials}

# nodes_build: the server and the simulated clients
nodes_build() { [ -z "$nodes_stale" ] || dotnet build "$nodes_built" -c Release -v quiet --nologo >&2; }

# nodes_enter SCRIPT ARGS...: goes on in a fresh network, mount and process namespace; whatever runs there dies with it
nodes_enter() {
	[ "${NODES_INSIDE-}" ] && return
	[ "$(id -u)" = 0 ] || { echo "${0##*/}: run it as root: it makes network namespaces, loop devices and mounts" >&2; exit 1; }
	export NODES_INSIDE=1
	exec unshare --net --mount --pid --fork --mount-proc --propagation private --kill-child=KILL "$BASH" "$@"
}

# nodes_switch: the switch that all nodes are plugged into
nodes_switch() {
	nodes_work=$(mktemp -d)
	ip link set lo up
	ip link add "$nodes_bridge" type bridge
	ip link set "$nodes_bridge" up
}

# node NAME ADDRESS...: a node with these addresses on its interface "lan"; it has a /run, a /srv and a /var/lib/nfsdctl of its own
node() {
	local name=$1 pid
	shift
	unshare --net --mount --propagation private sh -c '
		mkdir -p /srv /var/lib/nfsdctl
		for d in /run /srv /var/lib/nfsdctl; do mount -n -t tmpfs node "$d" || exit; done
		ip link set lo up
		touch "$1"; exec sleep infinity' node "$nodes_work/$name.up" </dev/null >"$nodes_work/$name.node" 2>&1 &
	pid=$!
	disown
	for _ in $(seq 100); do [ -e "$nodes_work/$name.up" ] && break; sleep 0.02; done
	[ -e "$nodes_work/$name.up" ] || { echo "cannot make node $name: $(cat "$nodes_work/$name.node")" >&2; return 1; }
	echo "$pid" >"$nodes_work/$name.pid"
	ip link add name "port-$name" type veth peer name lan netns "$pid"
	ip link set dev "port-$name" master "$nodes_bridge" up
	on "$name" ip link set lan up
	for address; do on "$name" ip addr add "$address/24" dev lan; done
}

# on NAME COMMAND...: in that node
on() {
	local pid
	pid=$(cat "$nodes_work/$1.pid")
	shift
	nsenter --target "$pid" --net --mount --wdns=/ -- "$@"
}

# node_serve NAME [nfsdctl serve options]: start the server there and wait until it is ready
node_serve() {
	local name=$1 log=$nodes_work/$1.log
	shift
	: >"$nodes_work/$name.out"
	# not by "on": the process in the background must be the server itself
	nsenter --target "$(cat "$nodes_work/$name.pid")" --net --mount --wdns=/ -- "$NFSDCTL" serve "$@" >"$nodes_work/$name.out" 2>"$log" </dev/null &
	echo $! >"$nodes_work/$name.server"
	disown
	for _ in $(seq 200); do
		grep -q '^ready' "$nodes_work/$name.out" && return
		kill -0 "$(cat "$nodes_work/$name.server")" 2>/dev/null || break
		sleep 0.1
	done
	echo "the server of node $name is not ready:" >&2
	cat "$nodes_work/$name.out" "$log" | tail -n 20 >&2
	return 1
}

# node_export NAME DISK PATH LINE: mount and export a filesystem that stays on this node
node_export() {
	on "$1" mkdir -p "$3"
	on "$1" mount "$2" "$3"
	on "$1" sh -c 'echo "$1 $2" >/run/nfsdctl/export' export "$3" "$4"
}

# node_move DISK ADDRESS PATH LINE [FROM] TO: the address and its filesystem, by the scripts that an administrator uses
node_move() {
	local disk=$1 address=$2 path=$3 line=$4 failover
	failover=$(cd "$nodes_built/../../scripts/failover" && pwd)
	shift 4
	if [ $# = 2 ]; then on "$1" "$failover/release" "$address" "$path" || return; shift; fi
	on "$1" "$failover/take-over" -i lan -s "$disk" -e "$line" -g "${NODES_GRACE:-10}" "$address" "$path"
}

# disk NAME MIB: an ext4 image on a loop device, whose name is printed. The device lives as long as somebody has it open: a process of
# these namespaces does, so that it goes with them, however they end.
disk() {
	local device held
	truncate -s "$2M" "$nodes_work/$1.img"
	mke2fs -q -t ext4 -F "$nodes_work/$1.img" >/dev/null
	device=$(losetup -f --show "$nodes_work/$1.img")
	# open before it is given up: from then on anybody may take a device that nobody has open
	exec {held}<"$device"
	sleep infinity >/dev/null 2>&1 </dev/null &
	echo $! >"$nodes_work/$1.pid"
	losetup -d "$device"
	exec {held}<&-
	echo "$device"
}

# nodes_end: what namespaces do not end by themselves
nodes_end() {
	local f
	for f in "$nodes_work"/*.server "$nodes_work"/*.pid; do [ ! -e "$f" ] || kill -KILL "$(cat "$f")" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$nodes_work"
}
