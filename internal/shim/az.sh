#!/bin/sh
# computetarget shim
#
# An az in front of az: `az ml computetarget` and `az ml folder attach`, which
# lost their extension, go to computetarget; everything else to the real az.
# `computetarget shim install` wrote it, `computetarget shim uninstall` removes it.

computetarget_run() {
	computetarget_bin=@BINARY@
	if [ ! -x "$computetarget_bin" ]; then
		computetarget_bin=$(command -v computetarget) || {
			echo 'az: computetarget is no longer at' @BINARY@ '(run: computetarget shim install)' >&2
			exit 127
		}
	fi
	if [ -z "${COMPUTETARGET_AUTH_MODE-}" ]; then
		set -- --auth-mode azurecli "$@" # v1 knew no other sign-in
	fi
	exec "$computetarget_bin" "$@"
}

case ${1-}:${2-} in
@ML@:@COMPUTETARGET@)
	case ${3-} in
	@DELETE@) computetarget_run "$@" --no-wait --yes ;; # v1 returned at once and never asked
	*) computetarget_run "$@" ;;
	esac
	;;
@ML@:@FOLDER@)
	case ${3-} in
	@ATTACH@) computetarget_run "$@" ;;
	esac
	;;
@EXTENSION@:@ADD@ | @EXTENSION@:@UPDATE@ | @EXTENSION@:@REMOVE@)
	for computetarget_word do
		case $computetarget_word in
		azure-cli-ml | -nazure-cli-ml | *=azure-cli-ml | *azure_cli_ml*)
			echo 'az: azure-cli-ml is retired; computetarget serves its commands, nothing to do' >&2
			exit 0
			;;
		esac
	done
	;;
esac

# The real az is the first on PATH that is not this file or a copy of it.
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
			exec "$computetarget_az" "$@"
		fi
	fi
done
echo 'az: the Azure CLI is not on PATH; only az ml computetarget works here' >&2
exit 127
