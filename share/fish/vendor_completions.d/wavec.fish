# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wavec_global_optspecs
    string join \n color= q/quiet v/verbose h/help V/version
end

function __fish_wavec_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wavec_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wavec_using_subcommand
    set -l cmd (__fish_wavec_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wavec -n "__fish_wavec_needs_command" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_needs_command" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_needs_command" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_needs_command" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_needs_command" -s V -l version -d 'Print version'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "check" -d 'Find what is wrong with plans, before anything runs'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "fmt" -d 'Lay plans out in the one canonical way'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "plan" -d 'Show who does what, after what, and when it ends'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "simulate" -d 'Play a plan many times: when it ends, how, and at what cost, if things go wrong'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "calibrate" -d 'Show what earlier runs teach about estimates, and from what'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "run" -d 'Carry a plan out'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "resume" -d 'Go on with a run where it stopped'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "runs" -d 'List the runs of this project'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "show" -d 'Show where a run stands, or how one task of it went'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "why" -d 'Say what a task waits for, and what would make it sooner; or why it ended as it did'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "agents" -d 'Show which agent programs are installed, and what a plan\'s agents resolve to'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "acp-client" -d 'Speak the Agent Client Protocol with an agent'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "apply" -d 'Bring what a run merged into the checkout'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "clean" -d 'Remove the worktrees and branches of runs whose work is in the checkout'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "approve" -d 'Answer a question of a run with yes'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "reject" -d 'Answer a question of a run with no'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "explain" -d 'Explain a diagnostic code, or list them all'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "new" -d 'Write a commented first plan that runs as it stands'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "lsp" -d 'Serve an editor: the Language Server Protocol over standard input and output'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c wavec -n "__fish_wavec_needs_command" -f -a "man" -d 'Print a manual page, or write them all to a directory'
complete -c wavec -n "__fish_wavec_using_subcommand check" -l format -d 'How to show what was found' -r -f -a "text\t'For people, on standard error'
json\t'One document; its schema is docs/schema/diagnostics.json'
sarif\t'SARIF 2.1.0, for code hosts'
github\t'Annotations for GitHub Actions'
short\t'A line each, for editors and grep'"
complete -c wavec -n "__fish_wavec_using_subcommand check" -l set -d 'Set a param of the plan' -r
complete -c wavec -n "__fish_wavec_using_subcommand check" -l allow -d 'Do not say this; may be given often' -r
complete -c wavec -n "__fish_wavec_using_subcommand check" -l warn -d 'Take this as a warning; may be given often' -r
complete -c wavec -n "__fish_wavec_using_subcommand check" -l deny -d 'Take this as an error; `warnings` stands for all of them' -r
complete -c wavec -n "__fish_wavec_using_subcommand check" -l baseline -d 'Do not say what stands in this file' -r -F
complete -c wavec -n "__fish_wavec_using_subcommand check" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand check" -l fix -d 'Mend what can be mended safely, in place'
complete -c wavec -n "__fish_wavec_using_subcommand check" -l diff -d 'Show what `--fix` would change, and change nothing'
complete -c wavec -n "__fish_wavec_using_subcommand check" -l watch -d 'Check again whenever a plan, or a file that it names, is saved'
complete -c wavec -n "__fish_wavec_using_subcommand check" -l write-baseline -d 'Write what is found now to the baseline'
complete -c wavec -n "__fish_wavec_using_subcommand check" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand check" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand fmt" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand fmt" -l check -d 'Change nothing; end with 1 if a plan is laid out otherwise'
complete -c wavec -n "__fish_wavec_using_subcommand fmt" -l diff -d 'Change nothing; show what would change, and end with 1 if something would'
complete -c wavec -n "__fish_wavec_using_subcommand fmt" -l stdin -d 'Read a plan from standard input and write it to standard output'
complete -c wavec -n "__fish_wavec_using_subcommand fmt" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand fmt" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand fmt" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand plan" -l stdin-path -d 'The file that the text of standard input is of: messages name it, and what it `use`s is looked for beside it' -r -F
complete -c wavec -n "__fish_wavec_using_subcommand plan" -l format -d 'How to show it' -r -f -a "tree\t'A tree for people'
gantt\t'A Gantt chart of the forecast, at the terminal'
svg\t'A picture: the Gantt chart of the forecast, light and dark'
html\t'The picture on a page of its own, with a table of the tasks'
json\t'One document; its schema is docs/schema/plan.json'
mermaid\t'A Mermaid flowchart of the order'
mermaid-gantt\t'A Mermaid Gantt chart of the forecast'
dot\t'A Graphviz graph of the order'"
complete -c wavec -n "__fish_wavec_using_subcommand plan" -l set -d 'Set a param of the plan' -r
complete -c wavec -n "__fish_wavec_using_subcommand plan" -l workers -d 'At most so many tasks at once, in place of the plan\'s `workers`; several give a table' -r
complete -c wavec -n "__fish_wavec_using_subcommand plan" -l plan-time -d 'Look so long for the best order of the tasks, at most; 0s goes by the critical path alone. By default a number of tries that takes some milliseconds, the same each time' -r
complete -c wavec -n "__fish_wavec_using_subcommand plan" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand plan" -l no-history -d 'Forecast by the plan\'s own words, whatever earlier runs took'
complete -c wavec -n "__fish_wavec_using_subcommand plan" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand plan" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l runs -d 'How often it is played' -r
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l seed -d 'Where chance begins: another seed gives other runs' -r
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l fail -d 'How many attempts fail: of a task, of an agent\'s, of a wave\'s, of all (`*`); of a gate, how often it is a no-go' -r
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l quota-at -d 'When the quota of a driver is spent, counted from the start; without a name, of every agent\'s' -r
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l gate-delay -d 'How long a person takes to answer: `15m`, or anything in `15m..2h`' -r
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l workers -d 'At most so many tasks at once, in place of the plan\'s `workers`; several give a table' -r
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l set -d 'Set a param of the plan' -r
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l format -d 'How to show it' -r -f -a "text\t'Bars and numbers for people'
json\t'One document; its schema is docs/schema/simulation.json'"
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -l no-history -d 'By the plan\'s own words, whatever earlier runs took'
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand calibrate" -l format -d 'How to show it' -r -f -a "text\t'A table for people'
json\t'One document; its schema is docs/schema/calibration.json'"
complete -c wavec -n "__fish_wavec_using_subcommand calibrate" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand calibrate" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand calibrate" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand calibrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand run" -l set -d 'Give a param its value' -r
complete -c wavec -n "__fish_wavec_using_subcommand run" -s w -l workers -d 'At most so many tasks at once, in place of the plan\'s own `workers`' -r
complete -c wavec -n "__fish_wavec_using_subcommand run" -l format -d 'How to show the run: on a terminal a live view, else a line an event' -r -f -a "auto\t'Live on a terminal, else lines'
live\t'A view that is drawn over and over, on standard error'
lines\t'A line an event, on standard output'
json\t'An event a line as JSON, on standard output (docs/schema/event.json)'"
complete -c wavec -n "__fish_wavec_using_subcommand run" -l plan-time -d 'Look so long for the best order of the tasks, at most; 0s goes by the critical path alone. By default a number of tries that takes some milliseconds, the same each time' -r
complete -c wavec -n "__fish_wavec_using_subcommand run" -l author -d 'The author of commits from worktrees, in place of `[git] author` in wavec.toml and git\'s own' -r
complete -c wavec -n "__fish_wavec_using_subcommand run" -l sandbox -d 'Confine what agents write to their worktrees: off, best-effort (where the kernel can), require (all tasks, or do not run)' -r -f -a "off\t'It is not'
best-effort\t'What agents write is, where the kernel can'
require\t'What all tasks with a place of their own write is, or nothing runs'"
complete -c wavec -n "__fish_wavec_using_subcommand run" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand run" -l wait -d 'Wait for a person\'s answer without a terminal too, in place of ending as waiting'
complete -c wavec -n "__fish_wavec_using_subcommand run" -l strict -d 'Sync the journal before every step, not only before agents, gates and answers'
complete -c wavec -n "__fish_wavec_using_subcommand run" -l apply -d 'Bring what tasks merged in worktrees into the checkout when the run has succeeded'
complete -c wavec -n "__fish_wavec_using_subcommand run" -l allow-dirty -d 'Let worktrees start from the last commit though the checkout has changes that it does not hold'
complete -c wavec -n "__fish_wavec_using_subcommand run" -l dry-run -d 'Show what would start, in order, and run nothing'
complete -c wavec -n "__fish_wavec_using_subcommand run" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand run" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l set -d 'Give a param another value from here on' -r
complete -c wavec -n "__fish_wavec_using_subcommand resume" -s w -l workers -d 'At most so many tasks at once, in place of the plan\'s own `workers`' -r
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l format -d 'How to show the run: on a terminal a live view, else a line an event' -r -f -a "auto\t'Live on a terminal, else lines'
live\t'A view that is drawn over and over, on standard error'
lines\t'A line an event, on standard output'
json\t'An event a line as JSON, on standard output (docs/schema/event.json)'"
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l plan-time -d 'Look so long for the best order of the tasks, at most; 0s goes by the critical path alone. By default a number of tries that takes some milliseconds, the same each time' -r
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l author -d 'The author of commits from worktrees, in place of `[git] author` in wavec.toml and git\'s own' -r
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l sandbox -d 'Confine what agents write to their worktrees: off, best-effort (where the kernel can), require (all tasks, or do not run)' -r -f -a "off\t'It is not'
best-effort\t'What agents write is, where the kernel can'
require\t'What all tasks with a place of their own write is, or nothing runs'"
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l recorded -d 'Go on with the plan as it was recorded, whatever its file says now'
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l wait -d 'Wait for a person\'s answer without a terminal too, in place of ending as waiting'
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l strict -d 'Sync the journal before every step, not only before agents, gates and answers'
complete -c wavec -n "__fish_wavec_using_subcommand resume" -l apply -d 'Bring what tasks merged in worktrees into the checkout when the run has succeeded'
complete -c wavec -n "__fish_wavec_using_subcommand resume" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand resume" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand runs" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand runs" -s a -l all -d 'All of them, not only the latest twenty'
complete -c wavec -n "__fish_wavec_using_subcommand runs" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand runs" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand runs" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand show" -l attempt -d 'The log, or the change, of that attempt' -r
complete -c wavec -n "__fish_wavec_using_subcommand show" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand show" -s l -l log -d 'The whole log of the task\'s newest attempt, as it is'
complete -c wavec -n "__fish_wavec_using_subcommand show" -s d -l diff -d 'What the task\'s newest attempt changed in its worktree or copy, line by line'
complete -c wavec -n "__fish_wavec_using_subcommand show" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand show" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand why" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand why" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand why" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand why" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand agents" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand agents" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand agents" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand agents" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand acp-client" -l session -d 'The session to go on with, where the agent can' -r
complete -c wavec -n "__fish_wavec_using_subcommand acp-client" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand acp-client" -l read-only -d 'Deny what changes anything'
complete -c wavec -n "__fish_wavec_using_subcommand acp-client" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand acp-client" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand acp-client" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand apply" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand apply" -l partial -d 'Also the part that is there of a run that did not succeed'
complete -c wavec -n "__fish_wavec_using_subcommand apply" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand apply" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand clean" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand clean" -l dry-run -d 'Only say what would be done'
complete -c wavec -n "__fish_wavec_using_subcommand clean" -l discard -d 'Remove worktrees with unmerged work too; what was committed in them stays in git for a while'
complete -c wavec -n "__fish_wavec_using_subcommand clean" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand clean" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand clean" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand approve" -s r -l reason -d 'Why' -r
complete -c wavec -n "__fish_wavec_using_subcommand approve" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand approve" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand approve" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand reject" -s r -l reason -d 'Why' -r
complete -c wavec -n "__fish_wavec_using_subcommand reject" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand reject" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand reject" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand reject" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wavec -n "__fish_wavec_using_subcommand explain" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand explain" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand explain" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand explain" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand new" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand new" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand new" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand new" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand lsp" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand lsp" -l stdio -d 'What editors may say; there is no other way'
complete -c wavec -n "__fish_wavec_using_subcommand lsp" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand lsp" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand lsp" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand completions" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand completions" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand completions" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand completions" -s h -l help -d 'Print help'
complete -c wavec -n "__fish_wavec_using_subcommand man" -l dir -d 'Write all pages to this directory' -r -F
complete -c wavec -n "__fish_wavec_using_subcommand man" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c wavec -n "__fish_wavec_using_subcommand man" -s q -l quiet -d 'Say less: only what went wrong'
complete -c wavec -n "__fish_wavec_using_subcommand man" -s v -l verbose -d 'Say more'
complete -c wavec -n "__fish_wavec_using_subcommand man" -s h -l help -d 'Print help'
