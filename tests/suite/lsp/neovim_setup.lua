-- The settings of docs/editors.md, as they stand there: a plan that is opened is judged, and mended and laid out when it is saved.

local function say(text) io.stdout:write(text .. "\n") end

local function steps()
  vim.cmd("filetype on")
  dofile("settings.lua")
  local file = assert(io.open("plan.wave", "w"))
  file:write("plan p\ntask a {run \"x\"\nretrys 2\n}\n")
  file:close()
  vim.cmd("edit plan.wave")
  assert(vim.bo.filetype == "wave", "it is a plan: " .. vim.bo.filetype)
  assert(vim.bo.commentstring == "# %s", "comments are known")
  local is_told = vim.wait(60000, function()
    local found = vim.diagnostic.get(0)
    return #found == 1 and found[1].code == "unknown-word"
  end, 20)
  assert(is_told, "the mistake is shown")
  vim.cmd("write")
  local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
  assert(text == "plan p\n\ntask a {\n  run \"x\"\n  retries 2\n}", "mended and laid out when saved: " .. text)
  say("all is well")
  vim.cmd("qall!")
end

local is_well, why = pcall(steps)
if not is_well then
  say("FAILED: " .. tostring(why))
  vim.cmd("cquit 1")
end
