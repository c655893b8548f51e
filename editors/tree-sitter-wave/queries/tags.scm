(plan name: (name) @name) @definition.module
(wave name: (name) @name) @definition.class
(block name: (name) @name) @definition.class
(task name: (name) @name) @definition.function
(gate name: (name) @name) @definition.function
(agent name: (name) @name body: (body)) @definition.class
(criterion name: (name) @name) @definition.macro
(resource name: (name) @name) @definition.constant
(param name: (name) @name) @definition.constant
(after (reference (name) @name)) @reference.call
(check criterion: (name) @name) @reference.call
