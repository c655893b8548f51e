-- The tree-sitter grammar and its queries in Neovim, as `docs/editors.md` sets them up: the parser compiled into `parser/wave.so`, the
-- queries in `queries/wave/`, both in a folder of the runtime path. For Neovim 0.7 (Debian 12) and later.

local function say(text) io.stdout:write(text .. "\n") end

local function check(is_so, text)
  if not is_so then
    say("FAILED: " .. text)
    vim.cmd("cquit 1")
    error(text)
  end
  say("ok: " .. text)
end

local function steps()
  vim.opt.runtimepath:prepend(vim.fn.getcwd())
  local text = {
    "plan p \"A plan\"",
    "agent coder { driver claude }",
    "## What it is for.",
    "task build {",
    "  agent coder",
    "  prompt \"\"\"",
    "    # Do it",
    "    for {{env}}.",
    "    \"\"\"",
    "  success { check \"it is well\" runs \"make test | grep ok\" }",
    "}",
    "task ship { run \"echo hello\"  after build }",
  }
  vim.api.nvim_buf_set_lines(0, 0, -1, false, text)
  vim.bo.filetype = "wave"
  local parser = vim.treesitter.get_parser(0, "wave")
  local root = parser:parse()[1]:root()
  check(not root:has_error(), "the plan is read without an error")

  local get = vim.treesitter.query.get or vim.treesitter.query.get_query or vim.treesitter.get_query
  -- What a query captures: `name` to the lines and columns, from 0, of each.
  local function captured(kind)
    local query = get("wave", kind)
    check(query ~= nil, kind .. ".scm is understood")
    local found = {}
    for id, node in query:iter_captures(root, 0, 0, -1) do
      local name = query.captures[id]
      local from, column, to = node:range()
      found[name] = found[name] or {}
      table.insert(found[name], { from, column, to })
    end
    return found
  end
  local function has(found, name, line, column, to)
    for _, range in ipairs(found[name] or {}) do
      if range[1] == line and range[2] == column and (to == nil or range[3] == to) then return true end
    end
    return false
  end

  local colours = captured("highlights")
  check(has(colours, "keyword", 3, 0), "`task` is a keyword")
  check(has(colours, "function", 3, 5), "the task's name is a function")
  check(has(colours, "constructor", 1, 6), "the agent's name is a constructor")
  check(has(colours, "comment.documentation", 2, 0), "the doc comment is one")
  check(has(colours, "string", 0, 7), "the title is a string")
  check(has(colours, "variable.parameter", 7, 8), "the hole is a parameter")
  check(has(colours, "keyword.operator", 9, 31), "`runs` is an operator")

  local folds = captured("folds")
  check(has(folds, "fold", 3, 11, 10), "the task folds")
  check(has(folds, "fold", 5, 9, 8), "the prompt folds")

  local indents = captured("indents")
  check(has(indents, "indent.begin", 3, 11), "the task's body is indented")
  check(has(indents, "indent.end", 10, 0), "its end is not")
  check(has(indents, "indent.ignore", 5, 9), "the prompt is left alone")

  local tags = captured("tags")
  check(has(tags, "definition.function", 3, 0), "the task is a definition")
  check(has(tags, "name", 3, 5), "by its name")
  check(has(tags, "reference.call", 11, 30), "`after` refers to it")

  -- Which language each part is in.
  local injections = get("wave", "injections")
  check(injections ~= nil, "injections.scm is understood")
  local languages = {}
  for _, match, data in injections:iter_matches(root, 0, 0, -1) do
    for id, nodes in pairs(match) do
      if injections.captures[id] == "injection.content" then
        local node = type(nodes) == "table" and nodes[1] or nodes
        languages[node:range()] = data["injection.language"]
      end
    end
  end
  check(languages[11] == "bash", "a command is shell")
  check(languages[9] == "bash", "so is a check's")
  check(languages[5] == "markdown" or languages[6] == "markdown", "a prompt is Markdown")

  -- The colours as they are drawn.
  vim.treesitter.highlighter.new(parser)
  vim.cmd("redraw")
  check(vim.treesitter.highlighter.active[vim.api.nvim_get_current_buf()] ~= nil, "they are drawn")
  if vim.treesitter.foldexpr then
    vim.wo.foldmethod = "expr"
    vim.wo.foldexpr = "v:lua.vim.treesitter.foldexpr()"
    vim.cmd("normal! zx")
    check(vim.fn.foldlevel(5) == 1, "and folded")
  end
  say("all is well")
end

local is_well, what = pcall(steps)
if not is_well then say("FAILED: " .. tostring(what)) end
vim.cmd(is_well and "qall!" or "cquit 1")
