# Debian packages that the scripts need (sourced, POSIX sh).

# packages_need NAME...: install those that are missing, quietly; says which.
packages_need() {
	missing=
	for package; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	echo "installing:$missing" >&2
	log=$(mktemp)
	# a list of packages that is too old names versions that are gone: ask again with a fresh one
	if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1 </dev/null; then
		{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1 </dev/null || {
			tail -20 "$log" >&2
			echo "cannot install:$missing" >&2
			return 1
		}
	fi
	rm -f "$log"
}
