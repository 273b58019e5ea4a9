# bash completion for bootstrapctl
_bootstrapctl()
{
	local word verb='' words
	local moves='start status halt resume next revert finish'
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	case $prev in
	-c | --config)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--via)
		mapfile -t COMPREPLY < <(
			compgen -W 'session address trigger' -- "$cur")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'text json csv' -- "$cur")
		return
		;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		status | reload | rollout | stop | supersede | release | \
		    push | devices | device | events)
			verb=$word
			break
			;;
		esac
	done
	words='-c --config --format --version -h --help'
	case $verb in
	'')
		words+=' status reload rollout stop supersede release push'
		words+=' devices device events'
		;;
	events) words+=' --follow' ;;
	rollout)
		words+=" $moves"
		words+=' --stages --success --window --minimum --group'
		words+=' --policy --id --why'
		;;
	push) words+=' --policy --group --rollout --via --to --rate --wait --resume' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _bootstrapctl bootstrapctl
