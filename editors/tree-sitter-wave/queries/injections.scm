; The shell in commands, Markdown in prompts, regular expressions in tests.

(run command: (_ (content) @injection.content)
  (#set! injection.language "bash")
  (#set! injection.combined))

(runs command: (_ (content) @injection.content)
  (#set! injection.language "bash")
  (#set! injection.combined))

(value_of command: (_ (content) @injection.content)
  (#set! injection.language "bash")
  (#set! injection.combined))

(prompt text: (_ (content) @injection.content)
  (#set! injection.language "markdown")
  (#set! injection.combined))

(contains pattern: (_ (content) @injection.content)
  (#set! injection.language "regex"))

(runs pattern: (_ (content) @injection.content)
  (#set! injection.language "regex"))

((comment) @injection.content
  (#set! injection.language "comment"))
