"""Who looks after a channel, what it was called before, and who is asked into it. Who made one owns it."""

import chatsite.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def give_channels_to_who_made_them(apps, schema_editor):
    memberships = apps.get_model("channels_app", "Membership").objects
    memberships.filter(user=F("channel__creator"), left_at=None).update(role="owner")


class Migration(migrations.Migration):

    dependencies = [
        ('channels_app', '0008_kinds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='role',
            field=models.CharField(choices=[('member', 'member'), ('moderator', 'moderator'), ('owner', 'owner')], db_default='member', default='member', max_length=16, verbose_name='role'),
        ),
        migrations.CreateModel(
            name='FormerSlug',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', chatsite.fields.KeyField(max_length=190, unique=True, verbose_name='slug')),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='former_slugs', to='channels_app.channel', verbose_name='channel')),
            ],
            options={
                'verbose_name': 'former slug',
                'verbose_name_plural': 'former slugs',
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('invited_at', models.DateTimeField(verbose_name='invited')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='channels_app.channel', verbose_name='channel')),
                ('inviter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='invited by')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'constraints': [models.UniqueConstraint(fields=('channel', 'user'), name='one_invitation_per_person')],
            },
        ),
        migrations.RunPython(give_channels_to_who_made_them, migrations.RunPython.noop),
    ]
