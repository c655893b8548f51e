; What each part of a plan is, for colours.

(shebang) @keyword.directive
(comment) @comment
(doc_comment) @comment.documentation

["plan" "use" "param" "agent" "secret" "resource" "criterion" "assert" "preflight" "success" "rollback"
 "finally" "wave" "parallel" "serial" "task" "gate" "check"] @keyword
["for" "in"] @keyword.repeat
"when" @keyword.conditional

["workers" "timeout" "retries" "backoff" "feedback" "budget" "cost" "isolation" "on" "failure" "no-go" "env"
 "directory" "shell" "tags" "because" "after" "any" "of" "finished" "overlaps" "run" "prompt" "file" "wait"
 "approve" "by" "within" "otherwise" "reads" "writes" "creates" "appends" "forbids" "except" "estimate" "uses"
 "output" "from" "may" "change" "id" "priority" "driver" "model" "instructions" "allow" "deny" "instances"
 "before" "alongside" "makespan" "speedup" "retry" "up" "to" "skip"] @keyword.modifier

["runs" "exits" "prints" "exists" "missing" "contains" "lacks" "value" "at" "judged"] @keyword.operator
(manual) @keyword.operator

["shared" "worktree" "copy" "stop" "cancel" "continue" "nothing" "stdout" "one"] @constant.builtin
(type) @type.builtin
(boolean) @boolean
(comparison) @operator
["==" "!=" "="] @operator
[".." ","] @punctuation.delimiter
["{" "}" "[" "]"] @punctuation.bracket

(plan name: (name) @module)
(wave name: (name) @type)
(block name: (name) @type)
(gate name: (name) @type)
(task name: (name) @function)
(agent name: (name) @constructor)
(driver (name) @constant.builtin)
(judged agent: (name) @constructor)
(param name: (name) @variable.parameter)
(for variable: (name) @variable.parameter)
(when param: (name) @variable.parameter)
(resource name: (name) @variable)
(uses resource: (name) @variable)
(secret name: (name) @variable)
(criterion name: (name) @function.macro)
(check criterion: (name) @function.macro)
(output name: (name) @property)
(env name: (name) @constant)
(tags (name) @label)
(reference (name) @variable)

[(string) (block_string) (literal) (block_literal)] @string
(path) @string.special.path
(runs pattern: (_) @string.regexp)
(contains pattern: (_) @string.regexp)
(escape) @string.escape
(hole) @variable.parameter
[(number) (money) (unit)] @number
(amount "tokens" @number)
