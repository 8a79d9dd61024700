"""Which addresses are known to be read by who has the account, and where people are logged in."""

from datetime import timedelta
from itertools import islice

import django.db.models.deletion
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.db.models import F
from django.utils import timezone

BATCH = 500  # sessions


def believe_addresses(apps, schema_editor):
    """Nobody who could have a new password mailed must lose that."""
    apps.get_model('accounts', 'User').objects.exclude(email='').update(verified_email=F('email'))


def list_sessions(apps, schema_editor):
    """Who logs out everywhere else means browsers, too, that have not been here since."""
    UserSession = apps.get_model('accounts', 'UserSession')
    users = set(apps.get_model('accounts', 'User').objects.values_list('pk', flat=True))
    sessions = apps.get_model('sessions', 'Session').objects.filter(expire_date__gt=timezone.now())
    found = (
        UserSession(
            session_id=session.session_key,
            user_id=user_id,
            seen_at=session.expire_date - timedelta(seconds=settings.SESSION_COOKIE_AGE),
        )
        for session in sessions.iterator(chunk_size=BATCH)
        if (user_id := user_of(session)) in users
    )
    while batch := list(islice(found, BATCH)):
        UserSession.objects.bulk_create(batch)


def user_of(session):
    """The id of who is logged in there, 0 for nobody."""
    user_id = SessionStore().decode(session.session_data).get('_auth_user_id', '')
    return int(user_id) if user_id.isdecimal() else 0


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_bans'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='verified_email',
            field=models.EmailField(blank=True, db_default='', default='', editable=False, max_length=254),
        ),
        migrations.CreateModel(
            name='UserSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_at', models.DateTimeField(verbose_name='last seen')),
                ('origin', models.CharField(blank=True, max_length=100, verbose_name='from')),
                ('user_agent', models.CharField(blank=True, max_length=300)),
                ('session', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sessions.session')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
            },
        ),
        migrations.RunPython(believe_addresses, migrations.RunPython.noop),
        migrations.RunPython(list_sessions, migrations.RunPython.noop),
    ]
