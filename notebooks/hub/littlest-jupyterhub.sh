#!/bin/sh
# The Littlest JupyterHub on one machine (Debian or Ubuntu). Run as root in the course's folder,
# after the hub itself was installed as its own page says. WHEEL is what `make release` or `uv build` made.
set -eu
WHEEL=${1:?name the wheel: littlest-jupyterhub.sh dist/beyond_fcn-1.0.0-py3-none-any.whl}
USERS=/opt/tljh/user

# one environment for all students, which only root can change; torch without CUDA
"$USERS/bin/python" -m pip install uv
"$USERS/bin/python" -m uv pip install --python "$USERS/bin/python" --torch-backend cpu torch torchvision
"$USERS/bin/python" -m uv pip install --python "$USERS/bin/python" "$WHEEL[lab]"

# the course, read-only for students; every new student starts with a link to it and with copies to work on
install -d /srv/course /etc/skel/beyond-fcn
cp notebooks/*.ipynb notebooks/GLOSSARY.md /srv/course/
chmod -R a+rX,go-w /srv/course
cp /srv/course/* /etc/skel/beyond-fcn/
ln -sfn /srv/course /etc/skel/beyond-fcn-as-given

# what one student's server and kernel may take together (systemd keeps it)
tljh-config set limits.memory 3000M
tljh-config set limits.cpu 2
tljh-config set services.cull.enabled true
tljh-config set services.cull.timeout 3600
tljh-config set user_environment.default_app jupyterlab
tljh-config reload
