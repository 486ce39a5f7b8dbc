#!/bin/sh
# computetarget shim
#
# An az in front of az: `az ml computetarget` and `az ml folder attach`, which
# lost their extension, go to computetarget; everything else to the real az.
# `computetarget shim install` wrote it, `computetarget shim uninstall` removes it.

computetarget_find() {
	computetarget_bin=@BINARY@
	[ -x "$computetarget_bin" ] || computetarget_bin=$(command -v computetarget)
}

computetarget_run() {
	computetarget_find || {
		echo 'az: computetarget is no longer at' @BINARY@ '(run: computetarget shim install)' >&2
		exit 127
	}
	if [ -z "${COMPUTETARGET_AUTH_MODE-}" ]; then
		set -- --auth-mode azurecli "$@" # v1 knew no other sign-in
	fi
	exec "$computetarget_bin" "$@"
}

# The real az is the first on PATH that is not this file or a copy of it.
computetarget_real() {
	computetarget_path=${PATH-}:
	while [ -n "$computetarget_path" ]; do
		computetarget_az=${computetarget_path%%:*}
		computetarget_az=${computetarget_az:-.}/az
		computetarget_path=${computetarget_path#*:}
		if [ -f "$computetarget_az" ] && [ -x "$computetarget_az" ]; then
			computetarget_line=
			if [ -r "$computetarget_az" ]; then
				{
					read -r computetarget_line
					read -r computetarget_line
				} <"$computetarget_az"
			fi
			if [ "$computetarget_line" != '# computetarget shim' ]; then
				return 0
			fi
		fi
	done
	computetarget_az=
	return 1
}

# What az says of its extensions, with the one whose commands are served here.
computetarget_answer() {
	for computetarget_word do
		case $computetarget_word in
		-h | --help) return ;;
		esac
	done
	computetarget_find || return 0
	computetarget_real || :
	exec "$computetarget_bin" shim answer --az "$computetarget_az" "$@"
}

# computetarget_old: do the words name the old extension?
computetarget_old() {
	for computetarget_word do
		case $computetarget_word in
		azure-cli-ml | -nazure-cli-ml | *=azure-cli-ml | *azure_cli_ml*) return 0 ;;
		esac
	done
	return 1
}

case ${1-}:${2-} in
@ML@:@COMPUTETARGET@)
	case ${3-} in
	@DELETE@) computetarget_run "$@" --no-wait --yes ;; # v1 returned at once and never asked
	*) computetarget_run "$@" ;;
	esac
	;;
@ML@:@COMPUTE@) computetarget_run "$@" ;; # v2
@ML@:@FOLDER@)
	case ${3-} in
	@ATTACH@) computetarget_run "$@" ;;
	esac
	;;
@EXTENSION@:@ADD@ | @EXTENSION@:@UPDATE@)
	if computetarget_old "$@"; then
		echo 'az: azure-cli-ml is retired; computetarget serves its commands, nothing to do' >&2
		exit 0
	fi
	;;
@EXTENSION@:@SHOW@)
	if computetarget_old "$@"; then
		computetarget_answer "$@"
	fi
	;;
@EXTENSION@:@REMOVE@)
	# What was never installed is gone already: scripts ask the shim first.
	if computetarget_old "$@" && computetarget_real; then
		{ computetarget_said=$("$computetarget_az" "$@" 2>&1 >&3 3>&-); computetarget_code=$?; } 3>&1
		case $computetarget_code:$computetarget_said in
		*:) ;;
		[1-9]*:*' azure-cli-ml is not installed'*)
			echo 'az: azure-cli-ml is not installed; computetarget serves its commands (computetarget shim uninstall ends that)' >&2
			exit 0
			;;
		*) printf '%s\n' "$computetarget_said" >&2 ;;
		esac
		exit "$computetarget_code"
	fi
	;;
@EXTENSION@:@LIST@) computetarget_answer "$@" ;;
@VERSION@:* | --version: | -v:)
	if computetarget_real; then
		case $1 in
		-*) computetarget_answer versions ;;
		*) computetarget_answer "$@" ;;
		esac
	fi
	;;
esac

if computetarget_real; then
	exec "$computetarget_az" "$@"
fi
echo 'az: the Azure CLI is not on PATH; only az ml computetarget works here' >&2
exit 127
