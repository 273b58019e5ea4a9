# fish completion for bootstrapctl
set -l verbs status reload stop supersede devices device events

complete -c bootstrapctl -f
complete -c bootstrapctl -s c -l config -r -F -d "the daemon's configuration"
complete -c bootstrapctl -l format -x -a 'text json csv' -d 'form of the output'
complete -c bootstrapctl -l version -d 'print the version'
complete -c bootstrapctl -s h -l help -d 'print help'
complete -c bootstrapctl -n '__fish_seen_subcommand_from events' -l follow -d 'stay, and print new rows'
for verb in $verbs
	complete -c bootstrapctl -n "not __fish_seen_subcommand_from $verbs" -a $verb
end
