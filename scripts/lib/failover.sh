# What release and take-over share (sourced, POSIX sh).
admin=${NFSDCTL_ADMIN:-/run/nfsdctl} dry=
export LC_ALL=C

# printf, for the echo of some shells reads the backslashes of \040
die() { printf '%s\n' "${0##*/}: $*" >&2; exit 1; }
note() { printf '%s\n' "${0##*/}: $*"; }
# run COMMAND...: with -n only said
run() { if [ "$dry" ]; then printf '%s\n' "+ $*"; else "$@" || die "failed: $*"; fi; }

# In the server's files and in exports(5) a blank in a path is \040.
escaped() { printf %s "$1" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g'; }
# In an exports(5) line a quotation mark and a # mean something, too.
exports_name() { escaped "$1" | sed 's/"/\\042/g; s/#/\\043/g'; }
serving() { [ -e "$admin/unlock_ip" ]; }
exported() { [ -e "$admin/exports" ] && cut -f1 "$admin/exports" | grep -qxF -- "$(escaped "$1")"; }
mounted() { mountpoint -q -- "$1"; }
# device_of ADDRESS: "DEVICE ADDRESS/PREFIX" where it is configured here, or nothing
device_of() { ip -o addr show to "$1" | awk '{ print $2, $4; exit }'; }

# setting FILE VALUE: one of the kernel's, until the script ends
setting() {
	if [ "$dry" ]; then printf '%s\n' "+ echo $2 > $1"; return 0; fi
	setting_file=$1 setting_before=$(cat "$1") || die "cannot read $1"
	trap 'echo "$setting_before" >"$setting_file"' EXIT
	echo "$2" >"$1" || die "cannot write $1"
}

# order FILE TEXT: one command to the server; its write fails when the command did
order() {
	if [ "$dry" ]; then printf '%s\n' "+ echo '$2' > $admin/$1"; return 0; fi
	(printf '%s\n' "$2" >"$admin/$1") 2>/dev/null || return 1
	note "$1: $(last "$1" answer)"
}
# reason FILE: what the server says of the last command
reason() { last "$1" message; }
# last FILE KEY: from the record of the last command
last() { sed -n "s/^$2: \"\\(.*\\)\"\$/\\1/p" "$admin/last/$1" 2>/dev/null | sed 's/\\t/ /g; s/\\\(["\\]\)/\1/g' || true; }

# operands ADDRESS PATH: checked, as $address and $path
operands() {
	[ $# = 2 ] || die "usage: ${0##*/} [options] ADDRESS PATH (${0##*/} -h explains)"
	address=$1 path=$2
	case $address in */* | '') die "'$address' is not an address (the prefix length is option -p of take-over)" ;; esac
	case $address in *:*) prefix=${prefix:-64} ;; *.*.*.*) prefix=${prefix:-24} ;; *) die "'$address' is not an address" ;; esac
	case $path in /*) ;; *) die "'$path' is not an absolute path" ;; esac
	while [ "$path" != / ] && [ "${path%/}" != "$path" ]; do path=${path%/}; done # as the shell completes it
	[ "$dry" ] || [ "$(id -u)" = 0 ] || die "run it as root"
}
