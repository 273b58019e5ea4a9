# fish completion for bootstrapctl
set -l verbs status reload stop supersede release push devices device events

complete -c bootstrapctl -f
complete -c bootstrapctl -s c -l config -r -F -d "the daemon's configuration"
complete -c bootstrapctl -l format -x -a 'text json csv' -d 'form of the output'
complete -c bootstrapctl -l version -d 'print the version'
complete -c bootstrapctl -s h -l help -d 'print help'
complete -c bootstrapctl -n '__fish_seen_subcommand_from events' -l follow -d 'stay, and print new rows'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l policy -x -d 'devices of that policy'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l group -x -d 'endpoints that fit, or @LIST'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l via -x -a 'session address trigger' -d 'the way'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l to -x -d 'coap://ADDRESS:PORT'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l rate -x -d 'devices a second'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l wait -d 'until each has ended'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l resume -x -d 'go on with a push'
for verb in $verbs
	complete -c bootstrapctl -n "not __fish_seen_subcommand_from $verbs" -a $verb
end
