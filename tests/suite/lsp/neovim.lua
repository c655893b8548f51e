-- What a person does in Neovim, done by its own client: diagnostics, hover, completion, rename, format.
-- For Neovim 0.7 (Debian 12) and later: `vim.lsp.start` is younger.

local function say(text) io.stdout:write(text .. "\n") end

local function fail(text)
  say("FAILED: " .. text)
  vim.cmd("cquit 1")
end

local function check(is_so, text)
  if not is_so then fail(text) error(text) end
  say("ok: " .. text)
end

local function wait_for(text, condition)
  check(vim.wait(60000, condition, 20), text)
end

local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local function steps()
  write("lib.wave", "agent coder { driver command  run \"x\" }\n")
  write("plan.wave", table.concat({
    "plan p \"🌊\"",
    "use \"lib.wave\"",
    "",
    "wave first {",
    "  task schema \"Add the tables\" { agent coder  writes \"a\"  estimate 20m }",
    "  task client { run \"make\"  estimate 5m }",
    "}",
    "task last {run \"x\"",
    "}",
    "",
  }, "\n"))
  vim.cmd("edit plan.wave")
  vim.bo.filetype = "wave"
  local id = vim.lsp.start_client({
    name = "wavec",
    cmd = { os.getenv("WAVEC"), "lsp" },
    root_dir = vim.fn.getcwd(),
    workspace_folders = { { uri = vim.uri_from_fname(vim.fn.getcwd()), name = "w" } },
  })
  check(id ~= nil, "the server starts")
  vim.lsp.buf_attach_client(0, id)
  local client
  wait_for("it introduces itself", function()
    client = vim.lsp.get_client_by_id(id)
    return client ~= nil and client.initialized
  end)
  local function ask(method, params)
    local answer = vim.lsp.buf_request_sync(0, method, params, 60000)
    check(answer ~= nil and answer[id] ~= nil and answer[id].err == nil, method .. " is answered")
    return answer[id].result
  end
  local function at(line, column)
    vim.api.nvim_win_set_cursor(0, { line, column })
    return vim.lsp.util.make_position_params(0, client.offset_encoding)
  end

  -- Diagnostics come while one types, and go.
  vim.api.nvim_buf_set_lines(0, 5, 6, false, { "  tsk client { run \"make\"  estimate 5m }" })
  wait_for("a mistake is shown", function()
    local found = vim.diagnostic.get(0)
    return #found == 1 and found[1].code == "unknown-word" and found[1].lnum == 5 and found[1].col == 2
  end)
  vim.api.nvim_buf_set_lines(0, 5, 6, false, { "  task client { run \"make\"  estimate 5m }" })
  wait_for("it goes when it is mended", function() return #vim.diagnostic.get(0) == 0 end)

  -- Hover.
  local hover = ask("textDocument/hover", at(5, 9))
  local said = hover.contents.value
  check(said:find("runs beside: `first.client`", 1, true) ~= nil, "a hover says who runs beside: " .. said)
  check(said:find("critical path", 1, true) ~= nil, "and what is critical")

  -- Completion, through the client's own omnifunc.
  vim.bo.omnifunc = "v:lua.vim.lsp.omnifunc"
  vim.api.nvim_buf_set_lines(0, 5, 6, false, { "  task client { run \"make\"  estimate 5m  after sch }" })
  local params = at(6, 49)
  local found = ask("textDocument/completion", params)
  local labels = {}
  for _, item in ipairs(found.items) do labels[item.label] = true end
  check(labels["schema"], "`after` is completed with a task")
  check(not labels["client"], "and not with itself")
  vim.cmd([[execute "normal! A\<BS>\<BS>\<C-x>\<C-o>\<C-y> }"]])
  vim.api.nvim_buf_set_lines(0, 5, 6, false, { "  task client { run \"make\"  estimate 5m  after schema }" })

  -- Rename, across files.
  vim.api.nvim_win_set_cursor(0, { 5, 9 })
  vim.lsp.buf.rename("tables")
  wait_for("a rename changes every place", function()
    local now = lines()
    return now[5]:find("task tables", 1, true) ~= nil and now[6]:find("after tables", 1, true) ~= nil
  end)
  vim.api.nvim_win_set_cursor(0, { 5, (lines()[5]:find("coder", 1, true)) })
  vim.lsp.buf.rename("builder")
  wait_for("also in the library", function()
    local buffer = vim.fn.bufnr("lib.wave")
    local text = buffer > 0 and vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1] or ""
    return text:find("agent builder", 1, true) ~= nil and lines()[5]:find("agent builder", 1, true) ~= nil
  end)

  -- Format.
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = 20000 })
  else
    vim.lsp.buf.formatting_sync(nil, 20000)
  end
  check(table.concat(lines(), "\n"):find("task last {\n  run \"x\"\n}", 1, true) ~= nil, "it is laid out")

  -- Definition goes to the library.
  local place = ask("textDocument/definition", at(6, lines()[6]:find("builder", 1, true) or 0))
  check(#place == 0 or place[1].uri ~= nil, "a definition is a place")
  say("all is well")
  vim.lsp.stop_client(id, true)
  vim.cmd("qall!")
end

local is_well, why = pcall(steps)
if not is_well then fail(tostring(why)) end
