# fish completion for bootstrapd
set -l verbs check

complete -c bootstrapd -f
complete -c bootstrapd -s c -l config -r -F -d 'the configuration'
complete -c bootstrapd -s v -l verbose -d 'log every step of every bootstrap'
complete -c bootstrapd -l version -d 'print the version'
complete -c bootstrapd -l help -d 'print help'
complete -c bootstrapd -n "not __fish_seen_subcommand_from $verbs" -a "$verbs" -d 'look at everything, then exit'
