# The agent of retries.wave: writes a report, and forgets the date until it is told.
set -eu
echo "Report" > out/retries/report.txt
if grep -q 'date is there' "$WAVEC_PROMPT_FILE"; then
  echo "reading what failed the last time"
  date +%Y-%m-%d >> out/retries/report.txt
fi
echo "the report is written" > "$WAVEC_RESULT_FILE"
