# fish completion for bootstrapctl
set -l verbs status reload rollout stop supersede release push devices device events

complete -c bootstrapctl -f
complete -c bootstrapctl -s c -l config -r -F -d "the daemon's configuration"
complete -c bootstrapctl -l format -x -a 'text json csv' -d 'form of the output'
complete -c bootstrapctl -l version -d 'print the version'
complete -c bootstrapctl -s h -l help -d 'print help'
complete -c bootstrapctl -n '__fish_seen_subcommand_from events' -l follow -d 'stay, and print new rows'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l policy -x -d 'devices of that policy'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l group -x -d 'endpoints that fit, or @LIST'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l rollout -d 'those of the stage of a rollout'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l via -x -a 'session address trigger' -d 'the way'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l to -x -d 'coap://ADDRESS:PORT'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l rate -x -d 'devices a second'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l wait -d 'until each has ended'
complete -c bootstrapctl -n '__fish_seen_subcommand_from push' -l resume -x -d 'go on with a push'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -a 'start status halt resume next revert finish'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -l stages -x -d 'shares, one after the other'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -l success -x -d 'of the devices that have ended'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -l window -x -d 'that a stage takes at least'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -l minimum -x -d 'devices that have to have ended'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -l group -x -d 'endpoints that fit'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -l policy -x -d 'devices of that policy'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -l id -x -d 'number of the rollout'
complete -c bootstrapctl -n '__fish_seen_subcommand_from rollout' -l why -x -d 'goes into the ledger'
for verb in $verbs
	complete -c bootstrapctl -n "not __fish_seen_subcommand_from $verbs" -a $verb
end
