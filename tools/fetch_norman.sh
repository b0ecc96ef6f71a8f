#!/usr/bin/env bash
# Downloads the Perturb-seq screen of Norman et al. 2019 (K562, CRISPRa, single and double perturbations; GSE133344).
#   tools/fetch_norman.sh [gears|scperturb] [FOLDER]     default: gears, into the current folder
# gears:     the distribution of GEARS (Harvard Dataverse doi:10.7910/DVN/Q2ZV3E, CC0), 91,205 cells x 5,045 genes,
#            log-normalized with counts in a layer; a zip of 169 MB that holds 2.2 GB. The course used this one.
# scperturb: the file of scPerturb 1.4 (Zenodo 13350497), 111,445 cells x 33,694 genes, counts, 699 MB.
# Not tried by the project: its own machines reach neither host. Addresses and MD5 sums were copied from public records.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
which=${1:-gears}
folder=${2:-.}

case $which in
  gears)
    url=https://dataverse.harvard.edu/api/access/datafile/6154020
    md5=cdc41d6050e619c37fd9dd44d440e2b4
    download=$folder/norman.zip
    file=$folder/norman_gears.h5ad
    ;;
  scperturb)
    url=https://zenodo.org/records/13350497/files/NormanWeissman2019_filtered.h5ad
    md5=c870e6967d91c017d9da827bab183cd6
    download=$folder/NormanWeissman2019_filtered.h5ad
    file=$download
    ;;
  *)
    echo "tools/fetch_norman.sh: unknown distribution $which; known are gears and scperturb" >&2
    exit 2
    ;;
esac

matches() { [[ -f $download ]] && echo "$md5  $download" | md5sum --check --status; }

if [[ ! -f $file ]] || { [[ $file == "$download" ]] && ! matches; }; then
  command -v curl >/dev/null || { echo "curl is needed: apt-get install curl" >&2; exit 2; }
  mkdir -p "$folder"
  matches || curl --fail --location --continue-at - --output "$download" "$url"
  matches || { echo "$download does not have the MD5 sum $md5: delete it and try again" >&2; exit 3; }
  if [[ $file != "$download" ]]; then
    python3 - "$download" "$file.part" <<'PYTHON'
import shutil, sys, zipfile

archive, target = sys.argv[1:]
with zipfile.ZipFile(archive) as z, z.open("norman/perturb_processed.h5ad") as source, open(target, "wb") as out:
    shutil.copyfileobj(source, out, 1 << 20)
PYTHON
    mv "$file.part" "$file"
    rm -f "$download"
  fi
fi

sparcell=$root/build/release/sparcell
if [[ -x $sparcell ]]; then
  "$sparcell" inspect "$file"
else
  echo "Built later, look at it with: build/release/sparcell inspect $file"
fi
echo "$file"
